/** Phase `active`: spending, freezes that Stripe follows, and what leads to a replacement or the end. */
import type { CardFact, StripeCardSeen } from './card-facts.ts';
import {
  canceledElsewhere,
  endReason,
  ignored,
  moved,
  type Outcome,
  windDown,
} from './card-outcome.ts';
import type { ActiveState } from './card-phase.ts';
import { DORMANT_AFTER_MS } from './limits.ts';

export function transitionActive(state: ActiveState, fact: CardFact, nowMs: number): Outcome {
  const { stripeCardId } = state;
  switch (fact.kind) {
    case 'card_seen':
      return cardSeen(state, fact, nowMs);
    case 'purchase_seen':
      if (state.usage === 'spending') return ignored('already spending');
      return moved({ ...state, usage: 'spending', lastPurchaseMs: nowMs, sinceMs: nowMs });
    case 'spending_digest':
      return digest(state, fact, nowMs);
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
        freeze: { ...state.freeze, mirrored: fact.frozen, refused: null },
      });
    case 'freeze_refused':
      return moved({
        ...state,
        freeze: {
          ...state.freeze,
          refused: { wanted: fact.frozen, code: fact.code, atMs: nowMs, retrying: false },
        },
      });
    case 'recheck_due':
      return retryFreeze(state);
    case 'card_unknown_at_stripe':
      if (fact.stripeCardId !== stripeCardId) return ignored('not the current card');
      return moved({ ...state, toCheck: false, drifted: true });
    case 'renewal_skipped':
      return moved({ ...state, renewalSkipped: fact.reason });
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

/** What was refused is forgotten only when Stripe takes it, so that nobody who looks into it is sent away. */
function retryFreeze(state: ActiveState): Outcome {
  const { refused } = state.freeze;
  if (refused === null || refused.retrying) return ignored('nothing to try again');
  return moved({ ...state, freeze: { ...state.freeze, refused: { ...refused, retrying: true } } });
}

function digest(
  state: ActiveState,
  fact: Extract<CardFact, { kind: 'spending_digest' }>,
  nowMs: number,
): Outcome {
  // Digests are cumulative, so an older one that comes late tells nothing new.
  if (fact.purchases <= state.purchases) return ignored('older than what is known');
  const purchaseMs = Math.min(fact.lastPurchaseMs ?? nowMs, nowMs);
  return moved({
    ...state,
    usage: 'spending',
    purchases: fact.purchases,
    lastPurchaseMs: fact.lastPurchaseMs,
    sinceMs: Math.max(state.sinceMs, purchaseMs),
  });
}

function cardSeen(known: ActiveState, seen: StripeCardSeen, nowMs: number): Outcome {
  if (seen.stripeCardId !== known.stripeCardId) return ignored('not the current card');
  if (seen.status === 'canceled') return canceledElsewhere(known, nowMs);
  const state = withParcelAndExpiry(known, seen);
  const ours = state.freeze.mirrored ? 'inactive' : 'active';
  if (seen.source === 'fetched') {
    return moved({ ...state, toCheck: false, drifted: seen.status !== ours });
  }
  // The echo of our own freeze may arrive after we unfroze: Stripe is asked before this is believed.
  if (seen.status !== ours || state.drifted) {
    if (!state.toCheck) return moved({ ...state, toCheck: true });
    return state === known ? ignored('being checked') : moved(state);
  }
  return state === known ? ignored('as we left it') : moved(state);
}

/** The same object when nothing of it is new. */
function withParcelAndExpiry(state: ActiveState, seen: StripeCardSeen): ActiveState {
  const { shippingStatus } = seen;
  const isBack = shippingStatus === 'returned' || shippingStatus === 'failure';
  const parcelLost = state.parcelLost || isBack;
  const expiresMs = seen.expiresMs ?? state.expiresMs;
  if (parcelLost === state.parcelLost && expiresMs === state.expiresMs) return state;
  return { ...state, parcelLost, expiresMs };
}
