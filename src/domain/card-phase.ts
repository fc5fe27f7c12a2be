/**
 * The state of one card: a union by phase that carries only what is true in that phase. How a fact changes it
 * is in card-state.ts; what is to be done in a state is in card-plan.ts.
 */
import type { ShippingStatus, StripeCardSeen } from './card-facts.ts';
import type { StripeCardId } from './ids.ts';

interface Common {
  readonly type: 'virtual' | 'physical';
  /** Issuance attempts begun so far: 0 before the first, at most ISSUANCE_ATTEMPTS_MAX. */
  readonly attempt: number;
  /** Milliseconds since 1970 at which the present wait began; deadlines count from here. */
  readonly sinceMs: number;
  /** What the operator or cardholder wants, and whether Stripe's status follows it already. */
  readonly freeze: {
    readonly wanted: boolean;
    readonly mirrored: boolean;
    /** Version of the card's row at the last change of `wanted`. */
    readonly version?: number;
  };
}

export interface KycState extends Common {
  readonly phase: 'kyc';
  /** `start`: a session is to be made; `pending`: the customer is at it; `failed`: it waits for another try. */
  readonly step: 'start' | 'pending' | 'failed';
  readonly kycAttempt: number;
  readonly lastFailure: string | null;
  readonly reminded: boolean;
  /** The deadline counts from the request of the card, over all attempts. */
  readonly requestedMs: number;
}

export interface IssuanceState extends Common {
  readonly phase: 'issuance';
  /**
   * `cancel_previous`: the lost parcel's card must be dead before a new one is made; `await_address`: the
   * customer owes a corrected address; `create`: the calls to Stripe; `blocked`: Stripe asks for something.
   */
  readonly step: 'cancel_previous' | 'await_address' | 'create' | 'blocked';
  /** True once a create call may have been sent for this card: from then on it may exist at Stripe. */
  readonly createSent: boolean;
  readonly previousCardId: StripeCardId | null;
  readonly blockedReason: string | null;
  /** Sightings that overtook the answer of the create call; applied once the card is known to be ours. */
  readonly early: readonly StripeCardSeen[];
}

export interface AwaitingDeliveryState extends Common {
  readonly phase: 'awaiting_delivery';
  readonly stripeCardId: StripeCardId;
  readonly shipping: ShippingStatus;
  readonly overdue: boolean;
}

export interface ActivationState extends Common {
  readonly phase: 'activation';
  readonly stripeCardId: StripeCardId;
  readonly refused: string | null;
}

export interface ActiveState extends Common {
  readonly phase: 'active';
  readonly stripeCardId: StripeCardId;
  readonly usage: 'unused' | 'spending' | 'dormant';
  readonly purchases: number;
  readonly lastPurchaseMs: number | null;
  /** An event showed a status that is not ours: Stripe is asked before it is believed. */
  readonly toCheck: boolean;
  /** Stripe confirmed a status that we did not ask for. */
  readonly drifted: boolean;
}

export type EndReason =
  | 'kyc_rejected'
  | 'kyc_attempts_used_up'
  | 'kyc_deadline_passed'
  | 'canceled'
  | 'lost'
  | 'stolen'
  | 'issuance_refused'
  | 'delivery_attempts_used_up'
  | 'canceled_at_stripe'
  | 'expired';

export interface WindingDownState extends Common {
  readonly phase: 'winding_down';
  readonly stripeCardId: StripeCardId | null;
  readonly reason: EndReason;
  readonly stripeCanceled: boolean;
  /** The windows for late captures and disputes should have passed: Postgres is asked whether all is settled. */
  readonly checkDue: boolean;
}

export interface ClosedState extends Common {
  readonly phase: 'closed';
  readonly stripeCardId: StripeCardId | null;
  readonly reason: EndReason;
}

export type CardState =
  | KycState
  | IssuanceState
  | AwaitingDeliveryState
  | ActivationState
  | ActiveState
  | WindingDownState
  | ClosedState;

export type CardPhase = CardState['phase'];

export const CARD_PHASES = [
  'kyc',
  'issuance',
  'awaiting_delivery',
  'activation',
  'active',
  'winding_down',
  'closed',
] as const satisfies readonly CardPhase[];

/** A new card waits for the KYC of its holder. */
export const requestedCard = (type: 'virtual' | 'physical', nowMs: number): KycState => ({
  phase: 'kyc',
  type,
  attempt: 0,
  sinceMs: nowMs,
  freeze: { wanted: false, mirrored: false },
  step: 'start',
  kycAttempt: 1,
  lastFailure: null,
  reminded: false,
  requestedMs: nowMs,
});

/** A replacement or renewal whose holder is verified begins with its issuance. */
export const replacementCard = (type: 'virtual' | 'physical', nowMs: number): IssuanceState => ({
  phase: 'issuance',
  type,
  attempt: 1,
  sinceMs: nowMs,
  freeze: { wanted: false, mirrored: false },
  step: 'create',
  createSent: false,
  previousCardId: null,
  blockedReason: null,
  early: [],
});

export const stripeCardIdOf = (state: CardState): StripeCardId | null =>
  state.phase === 'kyc' || state.phase === 'issuance' ? null : state.stripeCardId;
