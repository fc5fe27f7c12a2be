/** What every call to Stripe has in common: whose account it is for, what is sent, and what may be answered. */
import type { ShippingStatus, StripeCardStatus } from '../domain/card-facts.ts';
import type { StripeAccountId, StripeCardId, TenantId } from '../domain/ids.ts';

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

/**
 * Answer to a call that makes something. `refused`: asked in vain, and a repeat would be too. `spoiled`: an
 * error is stored under the key, so what the call did must be looked up, and the next try needs another key.
 */
export type IssuerAnswer<T> =
  | { readonly kind: 'made'; readonly made: T }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'spoiled' };

export interface IssuedCard {
  readonly stripeCardId: StripeCardId;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly shippingStatus: ShippingStatus | null;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
}
