/** Phases `awaiting_delivery` and `activation`: the plastic is on its way, then Stripe is asked to activate it. */
import type { CardFact, StripeCardSeen } from './card-facts.ts';
import {
  activate,
  common,
  endReason,
  ignored,
  moved,
  type Outcome,
  startIssuance,
  windDown,
} from './card-outcome.ts';
import type { ActivationState, AwaitingDeliveryState } from './card-phase.ts';
import { isFurther } from './card-view.ts';
import { ISSUANCE_ATTEMPTS_MAX } from './limits.ts';

/** Reasons with which Stripe cancels a card that never reached its holder: a new one is made. */
const NEVER_ARRIVED: ReadonlySet<string> = new Set(['fulfillment_error', 'design_rejected']);

export function transitionDelivery(
  state: AwaitingDeliveryState,
  fact: CardFact,
  nowMs: number,
): Outcome {
  switch (fact.kind) {
    case 'card_seen':
      return parcelSeen(state, fact, nowMs);
    case 'delivery_confirmed':
      return toActivation(state, nowMs);
    case 'delivery_overdue':
      return moved({ ...state, overdue: true, sinceMs: nowMs });
    case 'cancel_requested':
      return cancelWith(state, fact, nowMs);
    default:
      return ignored('not of this phase');
  }
}

function parcelSeen(state: AwaitingDeliveryState, seen: StripeCardSeen, nowMs: number): Outcome {
  if (seen.stripeCardId !== state.stripeCardId) return ignored('not the current card');
  if (seen.status === 'canceled') {
    if (NEVER_ARRIVED.has(seen.cancellationReason ?? '')) return reissue(state, true, nowMs);
    return canceledElsewhere(state, nowMs);
  }
  if (seen.status === 'active') return activate(state, state.stripeCardId, nowMs);
  const shipping = seen.shippingStatus;
  if (shipping === null || !isFurther(shipping, state.shipping)) {
    return ignored('no news of the parcel');
  }
  switch (shipping) {
    case 'delivered':
      return toActivation(state, nowMs);
    case 'returned':
    case 'failure':
    case 'canceled':
      return reissue(state, false, nowMs);
    case 'pending':
    case 'submitted':
    case 'shipped':
      return moved({ ...state, shipping });
  }
}

/** The next issuance attempt, or the end when the attempts are used up. */
function reissue(state: AwaitingDeliveryState, previousDead: boolean, nowMs: number): Outcome {
  const { stripeCardId } = state;
  if (state.attempt >= ISSUANCE_ATTEMPTS_MAX) {
    const reason = 'delivery_attempts_used_up';
    return windDown(state, { reason, stripeCardId, stripeCanceled: previousDead }, nowMs);
  }
  const step = previousDead ? 'await_address' : 'cancel_previous';
  return startIssuance(state, { step, previousCardId: stripeCardId }, nowMs);
}

const toActivation = (state: AwaitingDeliveryState, nowMs: number): Outcome =>
  moved({
    ...common(state),
    phase: 'activation',
    stripeCardId: state.stripeCardId,
    refused: null,
    sinceMs: nowMs,
  } satisfies ActivationState);

export function transitionActivation(
  state: ActivationState,
  fact: CardFact,
  nowMs: number,
): Outcome {
  switch (fact.kind) {
    case 'card_seen':
      if (fact.stripeCardId !== state.stripeCardId) return ignored('not the current card');
      if (fact.status === 'active') return activate(state, state.stripeCardId, nowMs);
      if (fact.status === 'canceled') return canceledElsewhere(state, nowMs);
      return ignored('still inactive');
    case 'activation_refused':
      return moved({ ...state, refused: fact.code, sinceMs: nowMs });
    case 'recheck_due':
    case 'cardholder_changed':
      return state.refused === null ? ignored('not refused') : moved({ ...state, refused: null });
    case 'cancel_requested':
      return cancelWith(state, fact, nowMs);
    default:
      return ignored('not of this phase');
  }
}

type WithStripeCard = AwaitingDeliveryState | ActivationState;

const canceledElsewhere = (state: WithStripeCard, nowMs: number): Outcome =>
  windDown(
    state,
    { reason: 'canceled_at_stripe', stripeCardId: state.stripeCardId, stripeCanceled: true },
    nowMs,
  );

const cancelWith = (
  state: WithStripeCard,
  fact: Extract<CardFact, { kind: 'cancel_requested' }>,
  nowMs: number,
): Outcome =>
  windDown(
    state,
    { reason: endReason(fact.reason), stripeCardId: state.stripeCardId, stripeCanceled: false },
    nowMs,
  );
