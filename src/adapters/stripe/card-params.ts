/** A card to be made in Stripe's words, and a card or cardholder of Stripe's in ours. */
import type { Stripe } from 'stripe';
import { parseStripeCardholderId, parseStripeCardId } from '../../domain/ids.ts';
import type { CardDraft, StatusChange } from '../../ports/card-issuer.ts';
import type { CardOrder } from '../../ports/card-store.ts';
import type { FrozenRequest, IssuedCard, IssuedCardholder, Parcel } from '../../ports/issuer.ts';
import { CARD_STATUSES, SHIPPING_STATUSES } from './card-statuses.ts';
import { PROFILE_VERSION, shippingParams } from './holder-params.ts';
import { spendingParams } from './spending-params.ts';

/** Made `inactive`, whatever its type: a card is active only once we have asked for it. */
export function cardParams(order: CardOrder, made: CardDraft): FrozenRequest {
  const { type, currency, options } = order;
  const { cardholder, attempt, replaced } = made;
  const { cancelAfterPayments: payments } = options;
  const params: Stripe.Issuing.CardCreateParams = {
    type,
    currency,
    cardholder,
    status: 'inactive',
    spending_controls: spendingParams(order.controls),
    ...(payments === undefined
      ? {}
      : { lifecycle_controls: { cancel_after: { payment_count: payments } } }),
    ...(replaced === null
      ? {}
      : { replacement_for: replaced.stripeCardId, replacement_reason: replaced.reason }),
    metadata: {
      card_id: order.cardId,
      cardholder_id: order.cardholderId,
      tenant_id: order.tenant.tenantId,
      attempt: String(attempt),
    },
    ...(type === 'physical' ? printedParams(order) : {}),
  };
  return { ...params };
}

function printedParams({ shipping, secondLine, options }: CardOrder) {
  const { personalizationDesign: design } = options;
  return {
    ...(shipping === null ? {} : { shipping: shippingParams(shipping) }),
    ...(secondLine === null ? {} : { second_line: secondLine }),
    ...(design === undefined ? {} : { personalization_design: design }),
  };
}

export function statusParams({ status, reason }: StatusChange): Stripe.Issuing.CardUpdateParams {
  // A caller can give `lost` and `stolen` only; any other end has no reason at Stripe.
  if (status !== 'canceled' || reason === undefined || reason === 'requested') return { status };
  return { status, cancellation_reason: reason };
}

/** Stripe's enumerations are open: a status that we do not know cannot be spent with, and is no news of a parcel. */
export const issuedCard = (card: Stripe.Issuing.Card): IssuedCard => ({
  stripeCardId: parseStripeCardId(card.id),
  status: CARD_STATUSES.find((status) => status === card.status) ?? 'inactive',
  cancellationReason: card.cancellation_reason,
  shippingStatus: SHIPPING_STATUSES.find((status) => status === card.shipping?.status) ?? null,
  last4: card.last4,
  expMonth: card.exp_month,
  expYear: card.exp_year,
  replacedBy: replacementOf(card),
  parcel: card.shipping === null ? null : parcelOf(card.shipping),
  fraudWarning: warningOf(card.latest_fraud_warning),
});

const warningOf = (
  warning: Stripe.Issuing.Card.LatestFraudWarning | null,
): IssuedCard['fraudWarning'] =>
  warning === null || warning.type === null
    ? null
    : { type: warning.type, startedS: warning.started_at ?? 0 };

/** The id, whether or not Stripe shows the whole card in its place. */
function replacementOf({ replaced_by: by }: Stripe.Issuing.Card): IssuedCard['replacedBy'] {
  if (by === null) return null;
  return parseStripeCardId(typeof by === 'string' ? by : by.id);
}

const parcelOf = (shipping: Stripe.Issuing.Card.Shipping): Parcel => ({
  carrier: shipping.carrier,
  trackingNumber: shipping.tracking_number,
  trackingUrl: shipping.tracking_url,
  etaS: shipping.eta,
});

export function issuedCardholder(holder: Stripe.Issuing.Cardholder): IssuedCardholder {
  const version = Number(holder.metadata[PROFILE_VERSION]);
  return {
    stripeCardholderId: parseStripeCardholderId(holder.id),
    name: holder.name,
    profileVersion: Number.isSafeInteger(version) ? version : 0,
    problem:
      holder.requirements.disabled_reason ??
      (holder.status === 'active' ? null : `cardholder_${holder.status}`),
  };
}
