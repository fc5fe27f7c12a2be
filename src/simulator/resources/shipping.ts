/** Shipping of physical cards: as a parameter, and the test helpers that move it on. */
import { find, type Operation, operation } from '../http/operation.ts';
import {
  choice,
  flag,
  object,
  required,
  text,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import {
  moveShipping,
  SHIPPING_STEPS,
  type Shipping,
  type ShippingStep,
} from '../machines/card.ts';
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import { change } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';
import { address, readAddress } from './address.ts';
import { illegalStep } from './illegal-step.ts';

const SHAPE = {
  address: required(address),
  address_validation: object({
    mode: required(choice(['disabled', 'normalization_only', 'validation_and_normalization'])),
  }),
  business_name: unsettable(text()),
  customs: object({ eori_number: text() }),
  name: required(text()),
  phone_number: unsettable(text()),
  require_signature: flag(),
  service: choice(['express', 'priority', 'standard']),
  type: choice(['bulk', 'individual']),
};

export const shipping = object(SHAPE);

/** Days a service takes in the simulator, for `eta`. */
const DELIVERY_DAYS = { express: 2, priority: 4, standard: 10 } as const;

export function readShipping(given: Values<typeof SHAPE>, now: number): Shipping {
  const service = given.service ?? 'standard';
  const mode = given.address_validation?.mode ?? 'disabled';
  const place = readAddress(given.address);
  return {
    address: place,
    address_validation: {
      mode,
      normalized_address: mode === 'disabled' ? null : place,
      result: mode === 'validation_and_normalization' ? 'likely_deliverable' : null,
    },
    business_name: given.business_name ?? null,
    carrier: null,
    customs:
      given.customs === undefined ? null : { eori_number: given.customs.eori_number ?? null },
    delivered_at: null,
    eta: now + DELIVERY_DAYS[service] * SECONDS_PER_DAY,
    name: given.name,
    phone_number: given.phone_number ?? null,
    require_signature: given.require_signature ?? null,
    service,
    shipped_at: null,
    status: 'pending',
    tracking_number: null,
    tracking_url: null,
    type: given.type ?? 'individual',
  };
}

/** The API version that began to tell submitted from pending. */
const SUBMIT_SINCE = '2024-09-30';
const TRACKING_DIGITS = 20;

const helper = (step: ShippingStep): Operation =>
  operation({
    method: 'POST',
    path: `/v1/test_helpers/issuing/cards/{card}/shipping/${step}`,
    params: {},
    ...(step === 'submit' ? { since: SUBMIT_SINCE } : {}),
    handle(call) {
      const card = find(call, CARD, call.id);
      if (card.shipping === null)
        throw illegalStep(call, 'This card has no shipping: it is virtual.');
      const moved = moveShipping(card.shipping, step, {
        now: call.world.clock.now(),
        trackingNumber: call.world.sequence.digits('tracking', TRACKING_DIGITS),
      });
      if (moved === undefined) {
        throw illegalStep(
          call,
          `You cannot ${step} a card whose shipping status is ${card.shipping.status}.`,
        );
      }
      return change(call, CARD, { ...card, shipping: moved });
    },
  });

export const shippingOperations: readonly Operation[] = SHIPPING_STEPS.map(helper);
