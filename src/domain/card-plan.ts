/**
 * What is to be done in a state: one activity, a wait with one deadline, or nothing more. Because the next step
 * follows from the saved state alone, a workflow that starts again continues exactly where the card stood.
 */
import type { CardFact } from './card-facts.ts';
import type { CardState } from './card-phase.ts';
import {
  ACTIVATION_RETRY_MS,
  ADDRESS_REMINDER_MS,
  DELIVERY_OVERDUE_AFTER_MS,
  DELIVERY_POLL_MS,
  DORMANT_AFTER_MS,
  KYC_DEADLINE_MS,
  KYC_REMINDER_AFTER_MS,
  REQUIREMENTS_POLL_MS,
  WIND_DOWN_MS,
} from './limits.ts';

/** Names of the activities that move a card; each answers with a fact. */
export type CardAction =
  | 'ensureVerification'
  | 'issueCard'
  | 'cancelPreviousCard'
  | 'activateCard'
  | 'readCard'
  | 'mirrorFreeze'
  | 'cancelAtStripe'
  | 'checkSettled';

/** When the time is up: a fact of our own, which moves the wait on, and a look at Stripe in case a webhook was missed. */
export interface DeadlineStep {
  readonly fact: CardFact;
  readonly action?: CardAction;
}

export type NextStep =
  | { readonly kind: 'act'; readonly action: CardAction }
  /** `untilMs` is an absolute time; null waits for facts only. */
  | {
      readonly kind: 'wait';
      readonly untilMs: number | null;
      readonly onDeadline: DeadlineStep | null;
    }
  | { readonly kind: 'end' };

const act = (action: CardAction): NextStep => ({ kind: 'act', action });
const waitFor = (untilMs: number, onDeadline: DeadlineStep): NextStep => ({
  kind: 'wait',
  untilMs,
  onDeadline,
});
const FACTS_ONLY: NextStep = { kind: 'wait', untilMs: null, onDeadline: null };

/** The next step of a card. Total over all states. */
export function nextStep(state: CardState): NextStep {
  switch (state.phase) {
    case 'kyc': {
      if (state.step === 'start') return act('ensureVerification');
      const deadlineMs = state.requestedMs + KYC_DEADLINE_MS;
      const reminderMs = state.sinceMs + KYC_REMINDER_AFTER_MS;
      if (!state.reminded && reminderMs < deadlineMs) {
        return waitFor(reminderMs, { fact: { kind: 'kyc_reminder_due' } });
      }
      return waitFor(deadlineMs, { fact: { kind: 'kyc_deadline_passed' } });
    }
    case 'issuance':
      if (state.step === 'create') return act('issueCard');
      if (state.step === 'cancel_previous') return act('cancelPreviousCard');
      if (state.step === 'await_address') {
        return waitFor(state.sinceMs + ADDRESS_REMINDER_MS, { fact: { kind: 'recheck_due' } });
      }
      return waitFor(state.sinceMs + REQUIREMENTS_POLL_MS, { fact: { kind: 'recheck_due' } });
    case 'awaiting_delivery':
      if (!state.overdue) {
        return waitFor(state.sinceMs + DELIVERY_OVERDUE_AFTER_MS, {
          fact: { kind: 'delivery_overdue' },
          action: 'readCard',
        });
      }
      return waitFor(state.sinceMs + DELIVERY_POLL_MS, {
        fact: { kind: 'delivery_overdue' },
        action: 'readCard',
      });
    case 'activation':
      if (state.refused !== null) {
        return waitFor(state.sinceMs + ACTIVATION_RETRY_MS, { fact: { kind: 'recheck_due' } });
      }
      // A frozen card is not activated; lifting the freeze is a fact.
      return state.freeze.wanted ? FACTS_ONLY : act('activateCard');
    case 'active':
      if (state.freeze.wanted !== state.freeze.mirrored) return act('mirrorFreeze');
      if (state.toCheck) return act('readCard');
      if (state.usage === 'dormant') return FACTS_ONLY;
      return waitFor(state.sinceMs + DORMANT_AFTER_MS, { fact: { kind: 'dormancy_due' } });
    case 'winding_down':
      if (!state.stripeCanceled) return act('cancelAtStripe');
      if (state.checkDue) return act('checkSettled');
      return waitFor(state.sinceMs + WIND_DOWN_MS, { fact: { kind: 'recheck_due' } });
    case 'closed':
      return { kind: 'end' };
  }
}

/** Why a person should look at this card now, or null. Opened and closed with the save of the state. */
export function attentionOf(
  state: CardState,
): { readonly kind: string; readonly detail: string } | null {
  switch (state.phase) {
    case 'kyc':
      return state.step === 'failed'
        ? { kind: 'kyc_failed', detail: state.lastFailure ?? '' }
        : null;
    case 'issuance':
      if (state.step === 'await_address') return { kind: 'address_needed', detail: '' };
      if (state.step === 'blocked')
        return { kind: 'issuance_blocked', detail: state.blockedReason ?? '' };
      return null;
    case 'awaiting_delivery':
      return state.overdue ? { kind: 'delivery_overdue', detail: state.shipping } : null;
    case 'activation':
      if (state.refused !== null) return { kind: 'activation_refused', detail: state.refused };
      return state.freeze.wanted ? { kind: 'activation_frozen', detail: '' } : null;
    case 'active':
      return state.drifted ? { kind: 'status_drift', detail: '' } : null;
    case 'winding_down':
    case 'closed':
      return null;
  }
}
