/**
 * The state of one card: a union by phase that carries only what is true in that phase. How a fact changes it
 * is in card-state.ts; what is to be done in a state is in card-plan.ts.
 */
import type {
  FreezeOwner,
  Mirrored,
  ReplacementReason,
  ShippingStatus,
  StripeCardSeen,
} from './card-facts.ts';
import type { CardTerms } from './card-terms.ts';
import type { CardId, StripeCardId } from './ids.ts';
import type { KycProviderName } from './kyc-providers.ts';

/** Which version of a row Stripe is to have, which it has, and its code where it would not take the last one. */
export interface Mirror {
  readonly wanted: number;
  readonly done: number;
  readonly refused: string | null;
}

interface Common {
  readonly type: 'virtual' | 'physical';
  readonly terms: CardTerms;
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
    /** Whose freezes stand. */
    readonly by: readonly FreezeOwner[];
    /** What Stripe would not take, and when; tried again later, or once something else is wanted. */
    readonly refused: {
      readonly wanted: boolean;
      readonly code: string;
      readonly atMs: number;
      /** The next try is due. */
      readonly retrying: boolean;
    } | null;
  };
  readonly mirrors: Readonly<Record<Mirrored, Mirror>>;
  /** What Stripe holds against the cardholder; null when nothing. */
  readonly holderProblem: string | null;
  /** Version of the holder's row at which that was so. */
  readonly holderVersion: number;
  /** The card that takes this one's place, once it was asked for. */
  readonly replacement: { readonly cardId: CardId; readonly reason: ReplacementReason } | null;
}

export interface KycState extends Common {
  readonly phase: 'kyc';
  /** `start`: a session is to be made; `pending`: the customer is at it; `failed`: it waits for another try. */
  readonly step: 'start' | 'pending' | 'failed';
  readonly kycAttempt: number;
  /** Who checks; null until the check has begun. */
  readonly provider: KycProviderName | null;
  readonly lastFailure: string | null;
  readonly reminded: boolean;
  /** When the provider was last asked, in case its message was missed; `sinceMs` before the first time. */
  readonly polledMs: number;
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
  /** What Stripe would not do; stands until another answer, also while it is tried again. */
  readonly blockedReason: string | null;
  /** The next try to cancel the previous card is due. */
  readonly retrying: boolean;
  /** Sightings that overtook the answer of the create call; applied once the card is known to be ours. */
  readonly early: readonly StripeCardSeen[];
}

export interface AwaitingDeliveryState extends Common {
  readonly phase: 'awaiting_delivery';
  readonly stripeCardId: StripeCardId;
  readonly shipping: ShippingStatus;
  /** `reminded`: the cardholder was told that it takes long; `overdue`: a person was. */
  readonly late: 'no' | 'reminded' | 'overdue';
  readonly expiresMs: number | null;
}

export interface ActivationState extends Common {
  readonly phase: 'activation';
  readonly stripeCardId: StripeCardId;
  /** Stripe's code of the last try, until one succeeds. */
  readonly refused: string | null;
  /** How often it was refused for this reason; the next try comes later each time. */
  readonly refusals: number;
  /** The next try is due. */
  readonly retrying: boolean;
  readonly expiresMs: number | null;
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
  /** The first millisecond after the month in which the card expires; null until Stripe has told it. */
  readonly expiresMs: number | null;
  /** Why the card gets no successor by itself; null while nobody has looked. */
  readonly renewalSkipped: string | null;
  /** The carrier says that the parcel never arrived, after we had activated the card. */
  readonly parcelLost: boolean;
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
  | 'payments_used_up'
  | 'replaced'
  | 'expired';

export interface WindingDownState extends Common {
  readonly phase: 'winding_down';
  readonly stripeCardId: StripeCardId | null;
  readonly reason: EndReason;
  readonly stripeCanceled: boolean;
  /** Stripe's code where it would not cancel the card; tried again later. */
  readonly cancelRefused: string | null;
  /** The next try to cancel it is due. */
  readonly retrying: boolean;
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

export const stripeCardIdOf = (state: CardState): StripeCardId | null =>
  state.phase === 'kyc' || state.phase === 'issuance' ? null : state.stripeCardId;
