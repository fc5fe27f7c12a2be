/**
 * What a card's workflow can hear. Facts are small, carry ids and never personal data, and are hints: a fact
 * that no longer fits the state is ignored, and one that contradicts it is checked at Stripe before it is believed.
 */
import type { StripeCardId } from './ids.ts';

export type ShippingStatus =
  | 'pending'
  | 'submitted'
  | 'shipped'
  | 'delivered'
  | 'returned'
  | 'failure'
  | 'canceled';

export type StripeCardStatus = 'active' | 'inactive' | 'canceled';
export type CancelReason = 'requested' | 'lost' | 'stolen';

/** A Stripe card as an event or a fetch showed it. `fetched` is Stripe's answer just now; `event` may be old. */
export interface StripeCardSeen {
  readonly kind: 'card_seen';
  readonly source: 'event' | 'fetched';
  readonly stripeCardId: StripeCardId;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly shippingStatus: ShippingStatus | null;
}

export type CardFact =
  // KYC
  /** `kycAttempt` is the attempt that was begun; an answer to an earlier one begins nothing now. */
  | { readonly kind: 'verification_started'; readonly kycAttempt?: number }
  | { readonly kind: 'identity_verified' }
  | { readonly kind: 'identity_failed'; readonly code: string }
  | { readonly kind: 'identity_canceled' }
  | { readonly kind: 'kyc_decided'; readonly approved: boolean }
  | { readonly kind: 'kyc_retry_requested' }
  | { readonly kind: 'kyc_reminder_due' }
  | { readonly kind: 'kyc_deadline_passed' }
  // Issuance
  | { readonly kind: 'issuing_started' }
  | {
      readonly kind: 'card_created';
      readonly stripeCardId: StripeCardId;
      readonly status: StripeCardStatus;
      readonly shippingStatus: ShippingStatus | null;
    }
  | { readonly kind: 'issuance_blocked'; readonly reason: string }
  | { readonly kind: 'issuance_refused'; readonly code: string }
  | { readonly kind: 'cardholder_changed' }
  | { readonly kind: 'recheck_due' }
  | { readonly kind: 'previous_card_canceled' }
  | { readonly kind: 'shipping_corrected' }
  // At Stripe
  | StripeCardSeen
  | { readonly kind: 'delivery_confirmed' }
  | { readonly kind: 'delivery_overdue' }
  | { readonly kind: 'activation_refused'; readonly code: string }
  // Commands committed in Postgres
  /** `version` is the card's row at the change: of two facts that overtake each other, the higher one counts. */
  | { readonly kind: 'freeze_changed'; readonly frozen: boolean; readonly version?: number }
  | { readonly kind: 'freeze_mirrored'; readonly frozen: boolean }
  | { readonly kind: 'cancel_requested'; readonly reason: CancelReason }
  // Spending and the end
  | { readonly kind: 'purchase_seen' }
  | {
      readonly kind: 'spending_digest';
      readonly purchases: number;
      readonly lastPurchaseMs: number | null;
    }
  | { readonly kind: 'dormancy_due' }
  | {
      readonly kind: 'money_seen';
      readonly cause: 'capture' | 'refund' | 'forced_capture' | 'dispute';
    }
  | { readonly kind: 'canceled_at_stripe'; readonly stripeCardId: StripeCardId | null }
  | { readonly kind: 'windows_passed' }
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'expired' };

export type CardFactKind = CardFact['kind'];
