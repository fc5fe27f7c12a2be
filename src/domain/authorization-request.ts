/** What Stripe asks in real time, in the domain's words. */
import type { Merchant } from './authorization-state.ts';
import type { CardPresence, ThreeDSecureOutcome } from './controls.ts';
import type { AuthorizationId, StripeCardId } from './ids.ts';
import type { MinorUnits } from './money.ts';

export type Check = 'match' | 'mismatch' | 'not_provided';

export interface AuthorizationRequest {
  readonly kind: 'readable';
  /** Id of the request event; the same id gets the same answer. */
  readonly requestId: string;
  readonly authorizationId: AuthorizationId;
  readonly stripeAccount: string | null;
  readonly stripeCardId: StripeCardId;
  /** Three lower-case letters; whether it is a currency shows when it is compared with the account's. */
  readonly currency: string;
  /** What would be held in addition; for an increment, the addition only. Zero or more. */
  readonly askedMinor: MinorUnits;
  readonly merchantCurrency: string;
  readonly merchant: Merchant;
  readonly cardPresence: CardPresence | null;
  readonly isAmountControllable: boolean;
  /** Both are part of the amount. */
  readonly cashbackMinor: MinorUnits;
  readonly atmFeeMinor: MinorUnits;
  readonly cvcCheck: Check;
  readonly expiryCheck: Check;
  readonly postalCodeCheck: Check;
  readonly addressLine1Check: Check;
  readonly threeDSecure: ThreeDSecureOutcome;
  /** Stripe's time of the request, in seconds. */
  readonly requestedS: number;
}

/** A request that cannot be decided on, because something is missing or absurd. It is declined, and recorded. */
export interface UnreadableRequest {
  readonly kind: 'unreadable';
  readonly requestId: string;
  readonly stripeAccount: string | null;
  /** Null where even these are missing. */
  readonly authorizationId: AuthorizationId | null;
  readonly stripeCardId: StripeCardId | null;
  readonly requestedS: number;
  /** What is wrong with it, e.g. `pending_request is missing`; never a value of it. */
  readonly problem: string;
}

export type AskedRequest = AuthorizationRequest | UnreadableRequest;
