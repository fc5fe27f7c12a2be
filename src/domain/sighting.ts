/** What a stored event means to us, in domain words; the adapter that knows Stripe's shapes makes it. */
import type { AuthorizationSnapshot, ObservedTransaction } from './authorization-state.ts';
import type { ShippingStatus, StripeCardStatus } from './card-facts.ts';
import type {
  AuthorizationId,
  CardholderId,
  DesignId,
  DisputeId,
  KycReference,
  StripeCardholderId,
  StripeCardId,
  TenantId,
  TokenId,
  TransactionId,
} from './ids.ts';
import type { CheckView } from './kyc.ts';
import type { KycProviderName } from './kyc-providers.ts';

export interface FraudWarning {
  /** 0 where nobody says when it began: known once, and never news again. */
  readonly startedS: number;
  readonly type: string;
}

export interface CardSighting {
  readonly kind: 'card';
  /** A fetched view loses to the events of its own second. */
  readonly source: 'event' | 'fetched';
  /** By which an event that is applied once more is known again. */
  readonly eventId?: string;
  readonly stripeCardId: StripeCardId;
  readonly atS: number;
  readonly status: StripeCardStatus;
  /** The status that the event changed; null when it changed something else. */
  readonly previousStatus: StripeCardStatus | null;
  readonly cancellationReason: string | null;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly shippingStatus: ShippingStatus | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly trackingUrl: string | null;
  /** The newest warning that the network or Stripe gave; null when there was none. */
  readonly fraudWarning: FraudWarning | null;
  /** When the parcel is expected; Unix seconds. */
  readonly etaS: number | null;
}

export interface CardholderSighting {
  readonly kind: 'cardholder';
  readonly stripeCardholderId: StripeCardholderId;
  readonly atS: number;
  readonly status: 'active' | 'inactive' | 'blocked';
  readonly disabledReason: string | null;
}

export interface VerificationSighting {
  readonly kind: 'verification';
  readonly provider: KycProviderName;
  readonly reference: KycReference;
  /** Whom the check is about, where the provider says so. */
  readonly holder: { readonly tenantId: TenantId; readonly cardholderId: CardholderId } | null;
  readonly view: CheckView;
}

/** The provider has forgotten what the customer showed. */
export interface RedactionSighting {
  readonly kind: 'redaction';
  readonly reference: KycReference;
}

export interface DisputeSighting {
  readonly kind: 'dispute';
  readonly disputeId: DisputeId;
  readonly transactionId: TransactionId;
  readonly atS: number;
  readonly status: DisputeStatus;
}

/** What a wallet or a merchant holds in place of the card's number. */
export interface TokenSighting {
  readonly kind: 'token';
  readonly tokenId: TokenId;
  readonly stripeCardId: StripeCardId;
  readonly atS: number;
  /** As Stripe names it: what it is not known to mean is told all the same. */
  readonly status: string;
  /** Null where a merchant holds it. */
  readonly wallet: string | null;
  readonly network: string | null;
}

/** What a physical card is printed with. */
export interface DesignSighting {
  readonly kind: 'design';
  readonly designId: DesignId;
  readonly atS: number;
  readonly status: string;
  readonly name: string | null;
  /** Why it was rejected, as Stripe words it. */
  readonly rejectionReasons: readonly string[];
}

/** From the first to the last; those that are decided rank alike. */
export const DISPUTE_STATUSES = ['unsubmitted', 'submitted', 'won', 'lost', 'expired'] as const;
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

export type Sighting =
  | {
      readonly kind: 'authorization';
      readonly snapshot: AuthorizationSnapshot;
      /** Transactions that the snapshot lists whole. */
      readonly transactions: readonly ObservedTransaction[];
    }
  | { readonly kind: 'transaction'; readonly transaction: ObservedTransaction }
  | CardSighting
  | CardholderSighting
  | VerificationSighting
  | DisputeSighting
  | TokenSighting
  | DesignSighting
  | RedactionSighting
  /** A decision of ours came after a view of its authorization: converge it once more. */
  | { readonly kind: 'decision'; readonly authorizationId: AuthorizationId }
  /** A card is known now that Stripe may have told of before: what waited for it can move. */
  | { readonly kind: 'card_recorded'; readonly stripeCardId: StripeCardId }
  | { readonly kind: 'ignored'; readonly reason: string };
