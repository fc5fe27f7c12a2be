/** Phases `winding_down` and `closed`: what may still come after a card's end. */
import type { CardFact } from './card-facts.ts';
import { close, ignored, moved, type Outcome, windDown } from './card-outcome.ts';
import type { ClosedState, WindingDownState } from './card-phase.ts';
import { WIND_DOWN_MS, WIND_DOWN_POLL_MS } from './limits.ts';

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
        stripeCardId: fact.stripeCardId ?? state.stripeCardId,
        sinceMs: nowMs,
      });
    case 'card_seen':
      if (fact.stripeCardId !== state.stripeCardId) return ignored('not the current card');
      if (fact.status !== 'canceled' || state.stripeCanceled) return ignored('no news');
      return moved({ ...state, stripeCanceled: true });
    case 'money_seen':
      return moved({ ...state, checkDue: false, sinceMs: nowMs });
    case 'recheck_due':
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
    case 'freeze_mirrored':
      return ignored('the card is being cancelled');
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
