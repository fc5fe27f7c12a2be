/**
 * What is to be done in a state: one activity, a wait with one deadline, or nothing more. Because the next step
 * follows from the saved state alone, a workflow that starts again continues exactly where the card stood.
 */
import type { CardFact } from './card-facts.ts';
import { isCancelRefused, isFieldRefused } from './card-issuance.ts';
import type {
  ActivationState,
  ActiveState,
  AwaitingDeliveryState,
  CardState,
  IssuanceState,
  KycState,
} from './card-phase.ts';
import {
  ADDRESS_REMINDER_MS,
  DELIVERY_OVERDUE_AFTER_MS,
  DELIVERY_POLL_MS,
  DELIVERY_REMINDER_AFTER_MS,
  DORMANT_AFTER_MS,
  KYC_POLL_MS,
  REFUSAL_DOUBLINGS_MAX,
  REFUSAL_RETRY_MS,
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
      return mirrorStep(state) ?? soonest(deliveryWait(state), ...expiry(state));
    case 'activation':
      return mirrorStep(state) ?? activationStep(state);
    case 'active':
      if (isFreezeToBeMirrored(state)) return act('mirrorFreeze');
      if (state.toCheck) return act('readCard');
      return mirrorStep(state) ?? activeWait(state);
    case 'winding_down':
      if (state.cancelRefused !== null && !state.retrying) {
        return waitFor(state.sinceMs + REFUSAL_RETRY_MS, { fact: { kind: 'recheck_due' } });
      }
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
  if (isCancelRefused(state) && !state.retrying) {
    return waitFor(state.sinceMs + REFUSAL_RETRY_MS, { fact: { kind: 'recheck_due' } });
  }
  if (state.step === 'cancel_previous') return act('cancelPreviousCard');
  const isOwed = state.step === 'await_address' || isFieldRefused(state);
  const afterMs = isOwed ? ADDRESS_REMINDER_MS : REQUIREMENTS_POLL_MS;
  return waitFor(state.sinceMs + afterMs, { fact: { kind: 'recheck_due' } });
}

function deliveryWait(state: AwaitingDeliveryState): NextWait {
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
  if (state.refused !== null && !state.retrying) {
    const afterMs = REFUSAL_RETRY_MS * 2 ** Math.min(state.refusals - 1, REFUSAL_DOUBLINGS_MAX);
    const retry = waitFor(state.sinceMs + afterMs, { fact: { kind: 'recheck_due' } });
    return soonest(retry, ...expiry(state));
  }
  if (!state.freeze.wanted) return act('activateCard');
  // A frozen card is not activated; lifting the freeze is a fact.
  const [end] = expiry(state);
  return end ?? FACTS_ONLY;
}

/** A card ends with the month that is printed on it, wherever it is then. */
const expiry = ({ expiresMs }: { readonly expiresMs: number | null }): readonly NextWait[] =>
  expiresMs === null ? [] : [waitFor(expiresMs, { fact: { kind: 'expired' } })];

/** Settings that Stripe has not got yet. */
function mirrorStep({ mirrors }: CardState): NextStep | null {
  if (mirrors.holder.done < mirrors.holder.wanted) return act('updateCardholder');
  return mirrors.controls.done < mirrors.controls.wanted ? act('mirrorControls') : null;
}

function activeWait(state: ActiveState): NextStep {
  const waits: NextWait[] = [];
  const { refused } = state.freeze;
  if (refused !== null && !refused.retrying) {
    waits.push(waitFor(refused.atMs + REFUSAL_RETRY_MS, { fact: { kind: 'recheck_due' } }));
  }
  if (state.usage !== 'dormant') {
    // A look at Stripe comes first: a card that somebody cancelled there makes no purchases either.
    const fact = { kind: 'dormancy_due' } as const;
    waits.push(waitFor(state.sinceMs + DORMANT_AFTER_MS, { fact, action: 'readCard' }));
  }
  if (state.expiresMs !== null && isToBeRenewed(state)) {
    const fact = { kind: 'renewal_skipped', reason: 'no successor could be made' } as const;
    const leadMs = RENEWAL_LEAD_MS[state.type];
    waits.push(waitFor(state.expiresMs - leadMs, { fact, action: 'renewCard' }));
  }
  waits.push(...expiry(state));
  const [first, ...others] = waits;
  return first === undefined ? FACTS_ONLY : soonest(first, ...others);
}

/** What Stripe has refused is not asked again at once; something else is. */
const isFreezeToBeMirrored = ({ freeze }: ActiveState): boolean =>
  freeze.wanted !== freeze.mirrored &&
  (freeze.refused?.wanted !== freeze.wanted || freeze.refused.retrying);

/** A card that nobody uses ends with its expiry; one purchase brings it back among those that are renewed. */
const isToBeRenewed = (state: ActiveState): boolean =>
  state.terms.renews &&
  state.replacement === null &&
  state.renewalSkipped === null &&
  state.usage !== 'dormant';
