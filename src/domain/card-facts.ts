/**
 * What a card's workflow can hear. Facts are small, carry ids and never personal data, and are hints: a fact
 * that no longer fits the state is ignored, and one that contradicts it is checked at Stripe before it is believed.
 */
import type { CardId, StripeCardId } from './ids.ts';
import type { KycProviderName } from './kyc-providers.ts';

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
export type ReplacementReason = 'lost' | 'stolen' | 'damaged' | 'expired';

/** Who may freeze a card. Each lifts its own freeze only, and the card is frozen while one of them stands. */
export const FREEZE_OWNERS = ['operator', 'cardholder', 'fraud'] as const;
export type FreezeOwner = (typeof FREEZE_OWNERS)[number];

/** What Stripe has to follow: the card's spending controls, or the holder's profile. */
export type Mirrored = 'controls' | 'holder';

/** A Stripe card as an event or a fetch showed it. `fetched` is Stripe's answer just now; `event` may be old. */
export interface StripeCardSeen {
  readonly kind: 'card_seen';
  readonly source: 'event' | 'fetched';
  readonly stripeCardId: StripeCardId;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly shippingStatus: ShippingStatus | null;
  /** The first millisecond after the month in which the card expires. */
  readonly expiresMs?: number;
}

export type CardFact =
  // KYC
  /** `kycAttempt` is the attempt that was begun; an answer to an earlier one begins nothing now. */
  | {
      readonly kind: 'verification_started';
      readonly kycAttempt?: number;
      readonly provider?: KycProviderName;
    }
  /** The provider was asked in case its message was missed, and the check goes on. */
  | { readonly kind: 'verification_pending' }
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
      readonly expiresMs?: number;
      readonly cancellationReason?: string | null;
    }
  /** `reason` is Stripe's requirement, or `invalid:<field>` where the request itself was refused. */
  | { readonly kind: 'issuance_blocked'; readonly reason: string }
  | { readonly kind: 'issuance_refused'; readonly code: string }
  | { readonly kind: 'issuance_retry_requested' }
  /** `problem`: Stripe's `disabled_reason`, else `cardholder_blocked` or `cardholder_inactive`; null when all is well. */
  | {
      readonly kind: 'cardholder_changed';
      readonly problem?: string | null;
      /** Of the holder's row: of two facts that overtake each other, the higher one counts. */
      readonly version?: number;
    }
  | { readonly kind: 'recheck_due' }
  | { readonly kind: 'previous_card_canceled' }
  | { readonly kind: 'shipping_corrected' }
  // At Stripe
  | StripeCardSeen
  | { readonly kind: 'delivery_confirmed' }
  | { readonly kind: 'delivery_reminder_due' }
  | { readonly kind: 'delivery_overdue' }
  | { readonly kind: 'activation_refused'; readonly code: string }
  // Commands committed in Postgres
  /** `version` is the card's row at the change: of two facts that overtake each other, the higher one counts. */
  | {
      readonly kind: 'freeze_changed';
      readonly frozen: boolean;
      readonly version?: number;
      /** Whose freezes stand. */
      readonly by?: readonly FreezeOwner[];
    }
  | { readonly kind: 'freeze_mirrored'; readonly frozen: boolean }
  /** Stripe would not take the status that a freeze, or its end, asks for. */
  | { readonly kind: 'freeze_refused'; readonly frozen: boolean; readonly code: string }
  | { readonly kind: 'cancel_refused'; readonly code: string }
  | { readonly kind: 'card_unknown_at_stripe'; readonly stripeCardId: StripeCardId }
  | { readonly kind: 'cancel_requested'; readonly reason: CancelReason }
  /** `version` is that of the row that holds what Stripe is to follow. */
  | { readonly kind: 'mirror_wanted'; readonly what: Mirrored; readonly version: number }
  /** `refusal` is Stripe's code where it would not take the change. */
  | {
      readonly kind: 'mirror_done';
      readonly what: Mirrored;
      readonly version: number;
      readonly refusal: string | null;
    }
  /** The row of the replacement is written; its own workflow makes the card. */
  | {
      readonly kind: 'replacement_requested';
      readonly reason: ReplacementReason;
      readonly replacementId: CardId;
    }
  /** The card gets no successor by itself, and why. */
  | { readonly kind: 'renewal_skipped'; readonly reason: string }
  /** The replacement ended before it could be spent with. */
  | { readonly kind: 'replacement_failed'; readonly replacementId: CardId }
  /** The replacement can be spent with: this card ends. */
  | { readonly kind: 'replaced'; readonly replacementId: CardId }
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
