/** Phases `awaiting_delivery` and `activation`: the plastic is on its way, then Stripe is asked to activate it. */
import type { CardFact, StripeCardSeen } from './card-facts.ts';
import {
  activate,
  canceledElsewhere,
  common,
  endReason,
  FIRST_TRY,
  ignored,
  moved,
  type Outcome,
  reissue,
  windDown,
} from './card-outcome.ts';
import type { ActivationState, AwaitingDeliveryState } from './card-phase.ts';
import { isFurther } from './card-view.ts';

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
    case 'delivery_reminder_due':
      if (state.late !== 'no') return ignored('reminded already');
      return moved({ ...state, late: 'reminded' });
    case 'delivery_overdue':
      return moved({ ...state, late: 'overdue', sinceMs: nowMs });
    case 'expired':
      return expired(state, nowMs);
    case 'cancel_requested':
      return cancelWith(state, fact, nowMs);
    default:
      return ignored('not of this phase');
  }
}

function parcelSeen(known: AwaitingDeliveryState, seen: StripeCardSeen, nowMs: number): Outcome {
  if (seen.stripeCardId !== known.stripeCardId) return ignored('not the current card');
  const state = { ...known, expiresMs: seen.expiresMs ?? known.expiresMs };
  if (seen.status === 'canceled') return canceled(state, seen, nowMs);
  if (seen.status === 'active') return activate(state, seen, nowMs);
  const shipping = seen.shippingStatus;
  if (shipping === null || !isFurther(shipping, state.shipping)) {
    return ignored('no news of the parcel');
  }
  if (shipping === 'delivered') return toActivation(state, nowMs);
  return isBack(shipping) ? reissue(state, false, nowMs) : moved({ ...state, shipping });
}

/** The parcel will not arrive any more. */
const isBack = (shipping: StripeCardSeen['shippingStatus']): boolean =>
  shipping === 'returned' || shipping === 'failure' || shipping === 'canceled';

const toActivation = (state: AwaitingDeliveryState, nowMs: number): Outcome =>
  moved({
    ...common(state),
    phase: 'activation',
    stripeCardId: state.stripeCardId,
    ...FIRST_TRY,
    expiresMs: state.expiresMs,
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
      if (fact.status === 'active') return activate(state, fact, nowMs);
      if (fact.status === 'canceled') return canceled(state, fact, nowMs);
      // The carrier corrects itself; before the activation that is as good as never delivered.
      if (isBack(fact.shippingStatus)) return reissue(state, false, nowMs);
      return ignored('still inactive');
    case 'activation_refused':
      return moved({
        ...state,
        refused: fact.code,
        refusals: fact.code === state.refused ? state.refusals + 1 : 1,
        retrying: false,
        sinceMs: nowMs,
      });
    case 'recheck_due':
    case 'cardholder_changed':
      if (state.refused === null || state.retrying) return ignored('not refused');
      return moved({ ...state, retrying: true });
    case 'expired':
      return expired(state, nowMs);
    case 'cancel_requested':
      return cancelWith(state, fact, nowMs);
    default:
      return ignored('not of this phase');
  }
}

type WithStripeCard = AwaitingDeliveryState | ActivationState;

const canceled = (state: WithStripeCard, seen: StripeCardSeen, nowMs: number): Outcome =>
  NEVER_ARRIVED.has(seen.cancellationReason ?? '')
    ? reissue(state, true, nowMs)
    : canceledElsewhere(state, nowMs);

const expired = (state: WithStripeCard, nowMs: number): Outcome =>
  windDown(
    state,
    { reason: 'expired', stripeCardId: state.stripeCardId, stripeCanceled: false },
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
