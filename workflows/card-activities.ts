/** The activities as the workflow calls them: their time limits, their retries, and what the UI shows for them. */
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { CardActivities } from '../activities/index.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import { type CardState, type KycState, stripeCardIdOf } from '../src/domain/card-phase.ts';
import type { CardAction } from '../src/domain/card-plan.ts';
import type { CardId } from '../src/domain/ids.ts';
import { invariant } from '../src/domain/invariant.ts';

/**
 * Postgres alone: one short transaction, which may wait for an account's lock. Run within the workflow's task, which
 * saves a round trip and an action each; once a try has to wait longer than the threshold, a timer on the server does,
 * so that an outage of Postgres keeps no task of the worker occupied.
 */
export const records = proxyLocalActivities<Pick<CardActivities, 'loadCard' | 'saveCard'>>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '2s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '15s' },
});

/**
 * Stripe: up to eight calls of 20 s each (the replacement of a lost card whose holder has changed). A cancelled activity is waited for, because its call may still take
 * effect: whoever looks for the card afterwards must look after that call has ended.
 */
const stripe = proxyActivities<Omit<CardActivities, 'loadCard' | 'saveCard'>>({
  startToCloseTimeout: '3m',
  // The worker sends heartbeats for all activities; without them a worker that died is noticed after 3 minutes.
  heartbeatTimeout: '8s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Runs the activity of an action for a state; it answers with a fact. */
export async function perform(
  cardId: CardId,
  state: CardState,
  action: CardAction,
): Promise<CardFact> {
  const attempt = `issuance attempt ${state.attempt}`;
  const stripeCardId = stripeCardIdOf(state);
  switch (action) {
    case 'ensureVerification':
      return ensureVerification(cardId, state);
    case 'issueCard': {
      const previousCardId = state.phase === 'issuance' ? state.previousCardId : null;
      return stripe.issueCard.executeWithOptions({ summary: attempt }, [
        { cardId, previousCardId },
      ]);
    }
    case 'cancelPreviousCard': {
      const previousCardId = state.phase === 'issuance' ? state.previousCardId : null;
      invariant(previousCardId !== null, 'there is no previous card to cancel');
      return stripe.cancelPreviousCard.executeWithOptions({ summary: previousCardId }, [
        { cardId, stripeCardId: previousCardId },
      ]);
    }
    case 'cancelAtStripe': {
      const reason = state.phase === 'winding_down' ? state.reason : 'canceled';
      return stripe.cancelAtStripe.executeWithOptions({ summary: reason }, [
        {
          cardId,
          stripeCardId,
          reason: reason === 'lost' || reason === 'stolen' ? reason : 'requested',
        },
      ]);
    }
    case 'checkSettled':
    case 'readVerification':
    case 'renewCard':
    case 'updateCardholder':
      return stripe[action].executeWithOptions({ summary: about(action, state) }, [{ cardId }]);
    case 'activateCard':
    case 'readCard':
    case 'mirrorControls':
    case 'mirrorFreeze': {
      invariant(stripeCardId !== null, `${action} needs a card at Stripe`);
      const frozen = state.freeze.wanted;
      const summary = action === 'mirrorFreeze' ? (frozen ? 'freeze' : 'unfreeze') : stripeCardId;
      return stripe[action].executeWithOptions({ summary }, [{ cardId, stripeCardId, frozen }]);
    }
  }
}

/** What the UI shows beside an activity that is told the card's id only. */
function about(
  action: 'checkSettled' | 'readVerification' | 'renewCard' | 'updateCardholder',
  state: CardState,
): string {
  switch (action) {
    case 'checkSettled':
      return 'open authorizations and disputes';
    case 'readVerification':
      return state.phase === 'kyc' ? kycAttemptOf(state) : state.phase;
    case 'renewCard':
      return 'successor of a card about to expire';
    case 'updateCardholder':
      return `profile version ${state.mirrors.holder.wanted}`;
  }
}

const kycAttemptOf = ({ kycAttempt }: KycState): string => `KYC attempt ${kycAttempt}`;

/** The answer is marked with its attempt: another one may have been asked for while this one was under way. */
async function ensureVerification(cardId: CardId, state: CardState): Promise<CardFact> {
  invariant(state.phase === 'kyc', `a card in phase ${state.phase} needs no verification`);
  const { kycAttempt } = state;
  const summary = kycAttemptOf(state);
  const fact = await stripe.ensureVerification.executeWithOptions({ summary }, [{ cardId }]);
  return fact.kind === 'verification_started' ? { ...fact, kycAttempt } : fact;
}
