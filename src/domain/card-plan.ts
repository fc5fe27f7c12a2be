/**
 * What is to be done in a state: one activity, a wait with one deadline, or nothing more. Because the next step
 * follows from the saved state alone, a workflow that starts again continues exactly where the card stood.
 */
import type { CardFact } from './card-facts.ts';
import { isFieldRefused } from './card-issuance.ts';
import type {
  ActivationState,
  ActiveState,
  AwaitingDeliveryState,
  CardState,
  IssuanceState,
  KycState,
} from './card-phase.ts';
import {
  ACTIVATION_RETRY_MS,
  ADDRESS_REMINDER_MS,
  DELIVERY_OVERDUE_AFTER_MS,
  DELIVERY_POLL_MS,
  DELIVERY_REMINDER_AFTER_MS,
  DORMANT_AFTER_MS,
  KYC_POLL_MS,
  RENEWAL_LEAD_MS,
  REQUIREMENTS_POLL_MS,
  WIND_DOWN_MS,
} from './limits.ts';

/** Names of the activities that move a card; each answers with a fact. */
export type CardAction =
  | 'ensureVerification'
  | 'readVerification'
  | 'issueCard'
  | 'cancelPreviousCard'
  | 'activateCard'
  | 'readCard'
  | 'mirrorFreeze'
  | 'mirrorControls'
  | 'updateCardholder'
  | 'renewCard'
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

interface NextWait {
  readonly kind: 'wait';
  readonly untilMs: number;
  readonly onDeadline: DeadlineStep;
}

const act = (action: CardAction): NextStep => ({ kind: 'act', action });
const waitFor = (untilMs: number, onDeadline: DeadlineStep): NextWait => ({
  kind: 'wait',
  untilMs,
  onDeadline,
});
const FACTS_ONLY: NextStep = { kind: 'wait', untilMs: null, onDeadline: null };

/** The next step of a card. Total over all states. */
export function nextStep(state: CardState): NextStep {
  switch (state.phase) {
    case 'kyc':
      return state.step === 'start' ? act('ensureVerification') : kycWait(state);
    case 'issuance':
      return issuanceStep(state);
    case 'awaiting_delivery':
      return mirrorStep(state) ?? deliveryWait(state);
    case 'activation':
      return mirrorStep(state) ?? activationStep(state);
    case 'active':
      if (state.freeze.wanted !== state.freeze.mirrored) return act('mirrorFreeze');
      if (state.toCheck) return act('readCard');
      return mirrorStep(state) ?? activeWait(state);
    case 'winding_down':
      if (!state.stripeCanceled) return act('cancelAtStripe');
      if (state.checkDue) return act('checkSettled');
      return waitFor(state.sinceMs + WIND_DOWN_MS, { fact: { kind: 'recheck_due' } });
    case 'closed':
      return { kind: 'end' };
  }
}

/** The soonest of several deadlines. */
const soonest = (first: NextWait, ...others: readonly NextWait[]): NextWait =>
  others.reduce((best, wait) => (wait.untilMs < best.untilMs ? wait : best), first);

function kycWait(state: KycState): NextStep {
  const { reminderAfterMs, deadlineMs } = state.terms.kyc;
  const isPending = state.step === 'pending';
  // A check that failed is not asked about: it would only fail once more.
  const poll: Pick<DeadlineStep, 'action'> = isPending ? { action: 'readVerification' } : {};
  const end = waitFor(state.requestedMs + deadlineMs, {
    ...poll,
    fact: { kind: 'kyc_deadline_passed' },
  });
  const reminder = waitFor(state.sinceMs + reminderAfterMs, {
    ...poll,
    fact: { kind: 'kyc_reminder_due' },
  });
  const look = waitFor(Math.max(state.polledMs, state.sinceMs) + KYC_POLL_MS, {
    ...poll,
    fact: { kind: 'verification_pending' },
  });
  return soonest(end, ...(state.reminded ? [] : [reminder]), ...(isPending ? [look] : []));
}

function issuanceStep(state: IssuanceState): NextStep {
  if (state.step === 'create') return act('issueCard');
  if (state.step === 'cancel_previous') return act('cancelPreviousCard');
  const isOwed = state.step === 'await_address' || isFieldRefused(state);
  const afterMs = isOwed ? ADDRESS_REMINDER_MS : REQUIREMENTS_POLL_MS;
  return waitFor(state.sinceMs + afterMs, { fact: { kind: 'recheck_due' } });
}

function deliveryWait(state: AwaitingDeliveryState): NextStep {
  const action = 'readCard';
  switch (state.late) {
    case 'no':
      return waitFor(state.sinceMs + DELIVERY_REMINDER_AFTER_MS, {
        fact: { kind: 'delivery_reminder_due' },
        action,
      });
    case 'reminded':
      return waitFor(state.sinceMs + DELIVERY_OVERDUE_AFTER_MS, {
        fact: { kind: 'delivery_overdue' },
        action,
      });
    case 'overdue':
      return waitFor(state.sinceMs + DELIVERY_POLL_MS, {
        fact: { kind: 'delivery_overdue' },
        action,
      });
  }
}

function activationStep(state: ActivationState): NextStep {
  if (state.refused !== null) {
    return waitFor(state.sinceMs + ACTIVATION_RETRY_MS, { fact: { kind: 'recheck_due' } });
  }
  // A frozen card is not activated; lifting the freeze is a fact.
  return state.freeze.wanted ? FACTS_ONLY : act('activateCard');
}

/** Settings that Stripe has not got yet. */
function mirrorStep({ mirrors }: CardState): NextStep | null {
  if (mirrors.holder.done < mirrors.holder.wanted) return act('updateCardholder');
  return mirrors.controls.done < mirrors.controls.wanted ? act('mirrorControls') : null;
}

function activeWait(state: ActiveState): NextStep {
  const waits: NextWait[] = [];
  if (state.usage !== 'dormant') {
    waits.push(waitFor(state.sinceMs + DORMANT_AFTER_MS, { fact: { kind: 'dormancy_due' } }));
  }
  if (state.expiresMs !== null) {
    waits.push(waitFor(state.expiresMs, { fact: { kind: 'expired' } }));
    if (isToBeRenewed(state)) {
      const fact = { kind: 'renewal_skipped', reason: 'no successor could be made' } as const;
      waits.push(waitFor(state.expiresMs - RENEWAL_LEAD_MS, { fact, action: 'renewCard' }));
    }
  }
  const [first, ...others] = waits;
  return first === undefined ? FACTS_ONLY : soonest(first, ...others);
}

/** A card that nobody uses ends with its expiry; one purchase brings it back among those that are renewed. */
const isToBeRenewed = (state: ActiveState): boolean =>
  state.terms.renews &&
  state.replacement === null &&
  state.renewalSkipped === null &&
  state.usage !== 'dormant';
