/**
 * A card as it is stored, and its state machine. Pure.
 *
 *   inactive ◄──► active          any ──► canceled (for good)
 *
 * Shipping of physical cards:
 *
 *   pending ──► submitted ──► shipped ──► delivered
 *      │            │            ├──► returned
 *      ├────────────┴────────────┴──► failure
 *      └──► canceled (with the card, as long as it has not left)
 */
import type { DecisionReason } from './authorization.ts';
import type { Address } from './cardholder.ts';
import type { Confirmation } from './fraud-challenge.ts';
import type { SpendingControls } from './spending-controls.ts';

export const CARD_STATUSES = ['active', 'inactive', 'canceled'] as const;
type CardStatus = (typeof CARD_STATUSES)[number];
export const CANCELLATION_REASONS = [
  'lost',
  'stolen',
  'design_rejected',
  'fulfillment_error',
] as const;
export type CancellationReason = (typeof CANCELLATION_REASONS)[number];
export type ReplacementReason = 'damaged' | 'expired' | 'lost' | 'stolen' | 'fulfillment_error';
export const FRAUD_WARNINGS = [
  'card_testing_exposure',
  'fraud_dispute_filed',
  'third_party_reported',
  'user_indicated_fraud',
] as const;
export type FraudWarningType = (typeof FRAUD_WARNINGS)[number];
type ShippingStatus =
  | 'canceled'
  | 'delivered'
  | 'failure'
  | 'pending'
  | 'returned'
  | 'shipped'
  | 'submitted';

export interface Shipping {
  readonly address: Address;
  readonly address_validation: {
    readonly mode: 'disabled' | 'normalization_only' | 'validation_and_normalization';
    readonly normalized_address: Address | null;
    readonly result: 'indeterminate' | 'likely_deliverable' | 'likely_undeliverable' | null;
  } | null;
  readonly business_name: string | null;
  readonly carrier: 'fedex' | 'usps' | null;
  readonly customs: { readonly eori_number: string | null } | null;
  readonly delivered_at: number | null;
  readonly eta: number | null;
  readonly name: string;
  readonly phone_number: string | null;
  readonly require_signature: boolean | null;
  readonly service: 'express' | 'priority' | 'standard';
  readonly shipped_at: number | null;
  readonly status: ShippingStatus | null;
  readonly tracking_number: string | null;
  readonly tracking_url: string | null;
  readonly type: 'bulk' | 'individual';
}

export interface CardRow {
  readonly id: string;
  readonly cancellation_reason: CancellationReason | null;
  readonly cardholder: string;
  readonly created: number;
  readonly currency: string;
  readonly exp_month: number;
  readonly exp_year: number;
  readonly financial_account: string | null;
  readonly last4: string;
  readonly latest_fraud_warning: {
    readonly started_at: number;
    readonly type: FraudWarningType;
  } | null;
  readonly lifecycle_controls: { readonly cancel_after: { readonly payment_count: number } } | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly personalization_design: string | null;
  readonly replaced_by: string | null;
  readonly replacement_for: string | null;
  readonly replacement_reason: ReplacementReason | null;
  readonly second_line: string | null;
  readonly shipping: Shipping | null;
  readonly spending_controls: SpendingControls;
  readonly status: CardStatus;
  readonly type: 'physical' | 'virtual';
  /** What the API never shows, or only on request. */
  readonly sim: {
    readonly number: string;
    readonly cvc: string;
    /** Approved payments above zero, for `lifecycle_controls`. */
    readonly payments: number;
    /** The first card of the chain of replacements: spending limits count across the chain. */
    readonly chain: string;
    /** Wrong PINs in a row. */
    readonly wrongPins?: number;
    /** Why Stripe declines the next authorization, whatever it is; set by a control route. */
    readonly declineNext?: DecisionReason | null;
    /** Purchases that looked like fraud and that the cardholder has confirmed; only at the first card of a chain. */
    readonly confirmations?: readonly Confirmation[];
  };
}

/** Shipping that has not left yet is cancelled together with its card. */
export function cancelCard(card: CardRow, reason: CancellationReason | null): CardRow {
  const { shipping } = card;
  const early = shipping?.status === 'pending' || shipping?.status === 'submitted';
  return {
    ...card,
    status: 'canceled',
    cancellation_reason: reason,
    shipping: shipping !== null && early ? { ...shipping, status: 'canceled' } : shipping,
  };
}

export const SHIPPING_STEPS = ['submit', 'ship', 'deliver', 'return', 'fail'] as const;
export type ShippingStep = (typeof SHIPPING_STEPS)[number];

const STEPS: Readonly<
  Record<ShippingStep, { readonly from: readonly ShippingStatus[]; readonly to: ShippingStatus }>
> = {
  submit: { from: ['pending'], to: 'submitted' },
  // The helper `ship` is older than `submit`, so it takes a pending card as well.
  ship: { from: ['pending', 'submitted'], to: 'shipped' },
  deliver: { from: ['shipped'], to: 'delivered' },
  return: { from: ['shipped'], to: 'returned' },
  fail: { from: ['pending', 'submitted', 'shipped'], to: 'failure' },
};

/** The shipping after a step, or undefined when the step is not possible from where the parcel is. */
export function moveShipping(
  shipping: Shipping,
  step: ShippingStep,
  facts: { readonly now: number; readonly trackingNumber: string },
): Shipping | undefined {
  const { from, to } = STEPS[step];
  if (shipping.status === null || !from.includes(shipping.status)) return undefined;
  if (to === 'delivered') return { ...shipping, status: to, delivered_at: facts.now };
  if (to !== 'shipped') return { ...shipping, status: to };
  const carrier = shipping.service === 'standard' ? 'usps' : 'fedex';
  return {
    ...shipping,
    status: to,
    carrier,
    shipped_at: facts.now,
    tracking_number: facts.trackingNumber,
    tracking_url: `https://tracking.example/${carrier}/${facts.trackingNumber}`,
  };
}

/** A card is good until the end of the month printed on it, in UTC. */
export const isExpired = (card: CardRow, now: number): boolean =>
  now >= Date.UTC(card.exp_year, card.exp_month, 1) / 1000;

/** Stripe does not publish after how many wrong PINs it blocks a card; terminals and cash machines take three. */
const PIN_TRIES_MAX = 3;

export const isPinBlocked = (card: CardRow): boolean => (card.sim.wrongPins ?? 0) >= PIN_TRIES_MAX;

/** Visa's issuer range of Stripe's own test cards. */
const TEST_RANGE = '400000999';

/** A 16-digit number with a valid check digit (Luhn) from 6 free digits. */
export function cardNumber(freeDigits: string): string {
  const body = `${TEST_RANGE}${freeDigits}`;
  const sum = body
    .split('')
    .toReversed()
    .reduce((total, digit, position) => {
      const doubled = Number(digit) * (position % 2 === 0 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}
