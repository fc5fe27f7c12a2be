/** Phases `winding_down` and `closed`: what may still come after a card's end. */
import type { CardFact } from './card-facts.ts';
import { close, ignored, moved, type Outcome, windDown } from './card-outcome.ts';
import type { ClosedState, EndReason, WindingDownState } from './card-phase.ts';
import { WIND_DOWN_MS, WIND_DOWN_POLL_MS } from './limits.ts';

/** Reasons that tell what was seen at Stripe, not what was behind it. */
const ENDED_FROM_OUTSIDE: ReadonlySet<EndReason> = new Set(['canceled_at_stripe', 'replaced']);

export function transitionWindingDown(
  state: WindingDownState,
  fact: CardFact,
  nowMs: number,
): Outcome {
  switch (fact.kind) {
    case 'canceled_at_stripe':
      // No card was ever made at Stripe: nothing can be captured against it.
      if (fact.stripeCardId === null && state.stripeCardId === null) {
        return close(state, { reason: state.reason, stripeCardId: null }, nowMs);
      }
      return moved({
        ...state,
        stripeCanceled: true,
        cancelRefused: null,
        retrying: false,
        stripeCardId: fact.stripeCardId ?? state.stripeCardId,
        sinceMs: nowMs,
      });
    case 'card_seen':
      // Only our own cancellation looks for what a create call may have made meanwhile, and for a card that is dead already.
      return ignored('the card is being cancelled');
    case 'cancel_requested':
      // The card was found dead before it was heard that it was lost: that is why it ended.
      if (fact.reason === 'requested' || !ENDED_FROM_OUTSIDE.has(state.reason)) {
        return ignored('ending already');
      }
      return moved({ ...state, reason: fact.reason });
    case 'cancel_refused':
      return moved({ ...state, cancelRefused: fact.code, retrying: false, sinceMs: nowMs });
    case 'money_seen':
      return moved({ ...state, checkDue: false, sinceMs: nowMs });
    case 'recheck_due':
      if (state.cancelRefused !== null) return moved({ ...state, retrying: true });
      return state.checkDue ? ignored('check is due already') : moved({ ...state, checkDue: true });
    case 'unsettled':
      if (!state.checkDue) return ignored('money came in between');
      // Something is still open: looked at again after the shorter interval, not after all windows once more.
      return moved({
        ...state,
        checkDue: false,
        sinceMs: nowMs - WIND_DOWN_MS + WIND_DOWN_POLL_MS,
      });
    case 'windows_passed':
      // An answer to a question asked before the windows began anew.
      if (!state.checkDue) return ignored('money came in between');
      return close(state, { reason: state.reason, stripeCardId: state.stripeCardId }, nowMs);
    default:
      return ignored('not of this phase');
  }
}

export function transitionClosed(state: ClosedState, fact: CardFact, nowMs: number): Outcome {
  if (fact.kind !== 'money_seen') return ignored('the card is closed');
  if (state.stripeCardId === null) return ignored('there never was a card at Stripe');
  const { reason, stripeCardId } = state;
  return windDown(state, { reason, stripeCardId, stripeCanceled: true }, nowMs);
}
