/** What a transition answers, and the moves that several phases share. */
import type { CancelReason, StripeCardSeen } from './card-facts.ts';
import type {
  ActivationState,
  ActiveState,
  AwaitingDeliveryState,
  CardState,
  ClosedState,
  EndReason,
  IssuanceState,
  WindingDownState,
} from './card-phase.ts';
import type { StripeCardId } from './ids.ts';
import { ISSUANCE_ATTEMPTS_MAX } from './limits.ts';

export type Outcome =
  | { readonly kind: 'moved'; readonly state: CardState }
  /** The fact repeats, is late, or tells nothing new. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** A command that the state does not allow. */
  | { readonly kind: 'refused'; readonly code: RefusalCode };

export type RefusalCode = 'NOT_WAITING' | 'ALREADY_REPLACED';

export const moved = (state: CardState): Outcome => ({ kind: 'moved', state });
export const ignored = (reason: string): Outcome => ({ kind: 'ignored', reason });
export const refused = (code: RefusalCode): Outcome => ({ kind: 'refused', code });

/** The fields that every phase has. */
export const common = (state: CardState) => ({
  type: state.type,
  terms: state.terms,
  attempt: state.attempt,
  sinceMs: state.sinceMs,
  freeze: state.freeze,
  mirrors: state.mirrors,
  holderProblem: state.holderProblem,
  holderVersion: state.holderVersion,
  replacement: state.replacement,
});

export const endReason = (reason: CancelReason): EndReason =>
  reason === 'requested' ? 'canceled' : reason;

export function close(
  state: CardState,
  end: { readonly reason: EndReason; readonly stripeCardId: StripeCardId | null },
  nowMs: number,
): Outcome {
  return moved({ ...common(state), ...end, phase: 'closed', sinceMs: nowMs } satisfies ClosedState);
}

export function windDown(
  state: CardState,
  end: Pick<WindingDownState, 'reason' | 'stripeCardId' | 'stripeCanceled'>,
  nowMs: number,
): Outcome {
  return moved({
    ...common(state),
    ...end,
    phase: 'winding_down',
    cancelRefused: null,
    retrying: false,
    checkDue: false,
    sinceMs: nowMs,
  } satisfies WindingDownState);
}

/** Begins the next issuance attempt. `previousCardId` is the Stripe card of the attempt before, if there was one. */
export function startIssuance(
  state: CardState,
  start: Pick<IssuanceState, 'step' | 'previousCardId'>,
  nowMs: number,
): Outcome {
  return moved({
    ...common(state),
    ...start,
    phase: 'issuance',
    attempt: state.attempt + 1,
    createSent: start.previousCardId !== null,
    blockedReason: null,
    retrying: false,
    early: [],
    sinceMs: nowMs,
  } satisfies IssuanceState);
}

/** The next issuance attempt after a parcel that never arrived, or the end when the attempts are used up. */
export function reissue(
  state: AwaitingDeliveryState | ActivationState,
  previousDead: boolean,
  nowMs: number,
): Outcome {
  const { stripeCardId } = state;
  if (state.attempt >= ISSUANCE_ATTEMPTS_MAX) {
    const reason = 'delivery_attempts_used_up';
    return windDown(state, { reason, stripeCardId, stripeCanceled: previousDead }, nowMs);
  }
  const step = previousDead ? 'await_address' : 'cancel_previous';
  return startIssuance(state, { step, previousCardId: stripeCardId }, nowMs);
}

/** Why a card is at its end that Stripe shows cancelled without our asking. */
export function canceledElsewhere(
  state: AwaitingDeliveryState | ActivationState | ActiveState,
  nowMs: number,
): Outcome {
  const { stripeCardId, replacement, terms } = state;
  // Stripe cancels a card by itself when its replacement is activated, or its payments are used up.
  const reason =
    replacement !== null
      ? 'replaced'
      : terms.endsByItself
        ? 'payments_used_up'
        : 'canceled_at_stripe';
  return windDown(state, { reason, stripeCardId, stripeCanceled: true }, nowMs);
}

/** An activation that was not tried yet. */
export const FIRST_TRY = { refused: null, refusals: 0, retrying: false } as const;

/** Stripe shows the card active: from here on it can be spent from. */
export function activate(
  state: AwaitingDeliveryState | ActivationState,
  seen: Pick<StripeCardSeen, 'expiresMs'>,
  nowMs: number,
): Outcome {
  return moved({
    ...common(state),
    phase: 'active',
    stripeCardId: state.stripeCardId,
    // An active card is not mirrored as frozen yet, whatever was wanted before.
    freeze: { ...state.freeze, mirrored: false },
    usage: 'unused',
    purchases: 0,
    lastPurchaseMs: null,
    toCheck: false,
    drifted: false,
    expiresMs: seen.expiresMs ?? state.expiresMs,
    renewalSkipped: null,
    parcelLost: false,
    sinceMs: nowMs,
  } satisfies ActiveState);
}
