/** Phases `active`, `winding_down` and `closed`: spending, and what may still come after it. */
import type { CardFact, StripeCardSeen } from './card-facts.ts';
import { close, endReason, ignored, moved, type Outcome, windDown } from './card-outcome.ts';
import type { ActiveState, ClosedState, WindingDownState } from './card-phase.ts';
import { DORMANT_AFTER_MS, WIND_DOWN_MS, WIND_DOWN_POLL_MS } from './limits.ts';

export function transitionActive(state: ActiveState, fact: CardFact, nowMs: number): Outcome {
  const { stripeCardId } = state;
  switch (fact.kind) {
    case 'card_seen':
      return statusSeen(state, fact, nowMs);
    case 'purchase_seen':
      if (state.usage === 'spending') return ignored('already spending');
      return moved({ ...state, usage: 'spending', lastPurchaseMs: nowMs, sinceMs: nowMs });
    case 'spending_digest':
      // Digests are cumulative, so an older one that comes late tells nothing new.
      if (fact.purchases <= state.purchases) return ignored('older than what is known');
      return moved({
        ...state,
        usage: 'spending',
        purchases: fact.purchases,
        lastPurchaseMs: fact.lastPurchaseMs,
        sinceMs: nowMs,
      });
    case 'dormancy_due':
      if (state.usage === 'dormant') return ignored('already dormant');
      if (nowMs - state.sinceMs < DORMANT_AFTER_MS) return ignored('a purchase came in between');
      return moved({ ...state, usage: 'dormant' });
    case 'freeze_mirrored':
      if (state.freeze.mirrored === fact.frozen && !state.drifted)
        return ignored('already mirrored');
      return moved({
        ...state,
        drifted: false,
        freeze: { ...state.freeze, mirrored: fact.frozen },
      });
    case 'cancel_requested':
      return windDown(
        state,
        { reason: endReason(fact.reason), stripeCardId, stripeCanceled: false },
        nowMs,
      );
    case 'expired':
      return windDown(state, { reason: 'expired', stripeCardId, stripeCanceled: false }, nowMs);
    default:
      return ignored('not of this phase');
  }
}

function statusSeen(state: ActiveState, seen: StripeCardSeen, nowMs: number): Outcome {
  if (seen.stripeCardId !== state.stripeCardId) return ignored('not the current card');
  if (seen.status === 'canceled') {
    const { stripeCardId } = state;
    const end = { reason: 'canceled_at_stripe', stripeCardId, stripeCanceled: true } as const;
    return windDown(state, end, nowMs);
  }
  const ours = state.freeze.mirrored ? 'inactive' : 'active';
  if (seen.source === 'fetched') {
    return moved({ ...state, toCheck: false, drifted: seen.status !== ours });
  }
  if (seen.status === ours && !state.drifted) return ignored('as we left it');
  // The echo of our own freeze may arrive after we unfroze: Stripe is asked before this is believed.
  return state.toCheck ? ignored('being checked') : moved({ ...state, toCheck: true });
}

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
