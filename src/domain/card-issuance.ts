/** Phase `issuance`: cardholder and card are made at Stripe, once each, however often we try. */
import { transitionActive } from './card-active.ts';
import { transitionActivation, transitionDelivery } from './card-delivery.ts';
import type { CardFact, StripeCardSeen } from './card-facts.ts';
import {
  close,
  common,
  endReason,
  FIRST_TRY,
  ignored,
  moved,
  type Outcome,
  refused,
  windDown,
} from './card-outcome.ts';
import type { CardState, IssuanceState } from './card-phase.ts';

/** Sightings kept while the create answer is under way; more than these only repeat one another. */
const EARLY_SIGHTINGS_MAX = 20;

export function transitionIssuance(state: IssuanceState, fact: CardFact, nowMs: number): Outcome {
  switch (fact.kind) {
    case 'issuing_started':
      return state.createSent ? ignored('already sent') : moved({ ...state, createSent: true });
    case 'card_created':
      return created(state, fact, nowMs);
    case 'card_seen':
      if (fact.stripeCardId === state.previousCardId) return ignored('not the current card');
      return moved({ ...state, early: [...state.early, fact].slice(-EARLY_SIGHTINGS_MAX) });
    case 'issuance_blocked':
      return moved({ ...state, step: 'blocked', blockedReason: fact.reason, sinceMs: nowMs });
    case 'recheck_due':
      // A reminder for whoever owes us an address or a field: the wait begins anew.
      if (state.step === 'await_address' || isFieldRefused(state)) {
        return moved({ ...state, sinceMs: nowMs });
      }
      if (isCancelRefused(state)) return moved({ ...state, retrying: true });
      // The reason stands until the next answer, so that whoever looks into it is not sent away at every try.
      return state.step === 'blocked'
        ? moved({ ...state, step: 'create', sinceMs: nowMs })
        : ignored('not blocked');
    case 'cardholder_changed':
    case 'mirror_wanted':
      return unblock(state, nowMs);
    case 'issuance_retry_requested':
      return state.step === 'blocked' ? unblock(state, nowMs) : refused('NOT_WAITING');
    case 'issuance_refused': {
      const { previousCardId } = state;
      const end = { reason: 'issuance_refused', stripeCardId: previousCardId } as const;
      if (previousCardId === null) return close(state, end, nowMs);
      return windDown(state, { ...end, stripeCanceled: true }, nowMs);
    }
    case 'cancel_refused':
      if (state.step !== 'cancel_previous') return ignored('nothing to cancel');
      return moved({
        ...state,
        blockedReason: `not_canceled:${fact.code}`,
        retrying: false,
        sinceMs: nowMs,
      });
    case 'previous_card_canceled':
      if (state.step !== 'cancel_previous') return ignored('nothing to cancel');
      return moved({ ...state, step: 'await_address', blockedReason: null, sinceMs: nowMs });
    case 'shipping_corrected':
      // While the old card is being cancelled the stored address is taken anyway, once that is done.
      if (state.step === 'create' || state.step === 'cancel_previous')
        return refused('NOT_WAITING');
      return moved({ ...state, step: 'create', blockedReason: null, sinceMs: nowMs });
    case 'cancel_requested': {
      const reason = endReason(fact.reason);
      if (!state.createSent) return close(state, { reason, stripeCardId: null }, nowMs);
      const stripeCardId = state.previousCardId;
      return windDown(state, { reason, stripeCardId, stripeCanceled: false }, nowMs);
    }
    default:
      return ignored('not of this phase');
  }
}

/** Stripe refused the request for one of its fields: asked again unchanged, it would refuse again. */
export const isFieldRefused = ({ step, blockedReason }: IssuanceState): boolean =>
  step === 'blocked' && blockedReason !== null && blockedReason.startsWith('invalid:');

/** Stripe would not cancel the card of the lost parcel; it is tried again. */
export const isCancelRefused = ({ step, blockedReason }: IssuanceState): boolean =>
  step === 'cancel_previous' && blockedReason !== null;

function unblock(state: IssuanceState, nowMs: number): Outcome {
  if (state.step !== 'blocked') return ignored('not blocked');
  return moved({ ...state, step: 'create', blockedReason: null, sinceMs: nowMs });
}

function created(
  state: IssuanceState,
  fact: Extract<CardFact, { kind: 'card_created' }>,
  nowMs: number,
): Outcome {
  const { stripeCardId } = fact;
  const expiresMs = fact.expiresMs ?? null;
  const base = { ...common(state), stripeCardId, expiresMs, sinceMs: nowMs };
  const start: CardState =
    state.type === 'physical'
      ? { ...base, phase: 'awaiting_delivery', shipping: 'pending', late: 'no' }
      : { ...base, ...FIRST_TRY, phase: 'activation' };
  const answer: StripeCardSeen = {
    kind: 'card_seen',
    source: 'fetched',
    stripeCardId,
    status: fact.status,
    cancellationReason: fact.cancellationReason ?? null,
    shippingStatus: fact.shippingStatus,
  };
  let next: CardState = start;
  for (const seen of [answer, ...state.early]) next = applySighting(next, seen, nowMs);
  return moved(next);
}

/** Applies a sighting that overtook the create answer; what does not fit leaves the state as it is. */
function applySighting(state: CardState, seen: StripeCardSeen, nowMs: number): CardState {
  const outcome =
    state.phase === 'awaiting_delivery'
      ? transitionDelivery(state, seen, nowMs)
      : state.phase === 'activation'
        ? transitionActivation(state, seen, nowMs)
        : state.phase === 'active'
          ? transitionActive(state, seen, nowMs)
          : ignored('moved on');
  return outcome.kind === 'moved' ? outcome.state : state;
}
