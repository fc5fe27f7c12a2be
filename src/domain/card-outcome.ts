/** What a transition answers, and the moves that several phases share. */
import type { CancelReason } from './card-facts.ts';
import type {
  ActiveState,
  CardState,
  ClosedState,
  EndReason,
  IssuanceState,
  WindingDownState,
} from './card-phase.ts';
import type { StripeCardId } from './ids.ts';

export type Outcome =
  | { readonly kind: 'moved'; readonly state: CardState }
  /** The fact repeats, is late, or tells nothing new. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** A command that the state does not allow. */
  | { readonly kind: 'refused'; readonly code: 'NOT_WAITING' };

export const moved = (state: CardState): Outcome => ({ kind: 'moved', state });
export const ignored = (reason: string): Outcome => ({ kind: 'ignored', reason });
export const refused = (code: 'NOT_WAITING'): Outcome => ({ kind: 'refused', code });

/** The fields that every phase has. */
export const common = ({ type, attempt, sinceMs, freeze }: CardState) => ({
  type,
  attempt,
  sinceMs,
  freeze,
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
    early: [],
    sinceMs: nowMs,
  } satisfies IssuanceState);
}

/** Stripe shows the card active: from here on it can be spent from. */
export function activate(state: CardState, stripeCardId: StripeCardId, nowMs: number): Outcome {
  return moved({
    ...common(state),
    phase: 'active',
    stripeCardId,
    // An active card is not mirrored as frozen yet, whatever was wanted before.
    freeze: { ...state.freeze, mirrored: false },
    usage: 'unused',
    purchases: 0,
    lastPurchaseMs: null,
    toCheck: false,
    drifted: false,
    sinceMs: nowMs,
  } satisfies ActiveState);
}
