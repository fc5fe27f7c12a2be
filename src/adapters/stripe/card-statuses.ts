/** Stripe's words for what a card and its parcel are at, as far as we know them: its enumerations are open. */
import type { ShippingStatus, StripeCardStatus } from '../../domain/card-facts.ts';

export const CARD_STATUSES = [
  'active',
  'inactive',
  'canceled',
] as const satisfies readonly StripeCardStatus[];

export const SHIPPING_STATUSES = [
  'pending',
  'submitted',
  'shipped',
  'delivered',
  'returned',
  'failure',
  'canceled',
] as const satisfies readonly ShippingStatus[];
