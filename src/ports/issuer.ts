/** What every call to Stripe has in common: whose account it is for, what is sent, and what may be answered. */
import type { ShippingStatus, StripeCardStatus } from '../domain/card-facts.ts';
import type { StripeAccountId, StripeCardholderId, StripeCardId, TenantId } from '../domain/ids.ts';
import type { FraudWarning } from '../domain/sighting.ts';
import type { StripeRefusal } from '../domain/stripe-refusals.ts';

/** Whose account at Stripe is meant: the platform's own when `stripeAccount` is null. */
export interface IssuerTenant {
  readonly tenantId: TenantId;
  readonly stripeAccount: StripeAccountId | null;
}

/** A request exactly as it will be sent; made once, stored, and never built anew for a repeat. */
export type FrozenRequest = Readonly<Record<string, unknown>>;

/** Network failure, rate limit, or an answer that says nothing about the request: try again later. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

/** There were more calls than Stripe takes in a second. */
export class TooManyCallsError extends IssuerUnavailableError {}

/** Stripe has understood and will not: the key is wrong, or the account does not let us. Another try now changes nothing. */
export class CallRefusedError extends IssuerUnavailableError {}

/**
 * Answer to a call that makes something. `refused`: asked in vain, and a repeat would be too. `spoiled`: an
 * error is stored under the key, so what the call did must be looked up, and the next try needs another key.
 */
export type IssuerAnswer<T> =
  | { readonly kind: 'made'; readonly made: T }
  | ({ readonly kind: 'refused' } & StripeRefusal)
  | { readonly kind: 'spoiled' };

/** A cardholder as Stripe shows it. */
export interface IssuedCardholder {
  readonly stripeCardholderId: StripeCardholderId;
  readonly name: string;
  /** Of our profile that Stripe was told last; it stands in the metadata. */
  readonly profileVersion: number;
  /** Why the holder's cards would not work, e.g. `requirements.past_due`; null when nothing is wrong. */
  readonly problem: string | null;
}

export interface IssuedCard {
  readonly stripeCardId: StripeCardId;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly shippingStatus: ShippingStatus | null;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  /** The Stripe card that took its place. */
  readonly replacedBy: StripeCardId | null;
  readonly parcel: Parcel | null;
  /** The newest warning that the card is misused. */
  readonly fraudWarning: FraudWarning | null;
}

/** What is known of a shipment beside its status. */
export interface Parcel {
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly trackingUrl: string | null;
  /** When it is expected; Unix seconds. */
  readonly etaS: number | null;
}
