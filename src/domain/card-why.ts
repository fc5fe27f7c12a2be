/**
 * Why a card does not go on by itself, as one line for people. Total over all phases and their steps; until when it
 * waits follows from `nextStep`, so the line and the workflow's timer never tell different times.
 */

import { isCancelRefused, isFieldRefused } from './card-issuance.ts';
import type {
  ActivationState,
  ActiveState,
  AwaitingDeliveryState,
  CardState,
  IssuanceState,
  KycState,
  WindingDownState,
} from './card-phase.ts';
import { nextStep } from './card-plan.ts';

export interface CardWhy {
  readonly text: string;
  /** When the wait ends by itself; null while something is done, or only a fact ends it. */
  readonly untilMs: number | null;
}

/** Writes a time, which the domain has no means to: milliseconds since 1970 in, text out. */
export type TimeText = (ms: number) => string;

/** Null where there is nothing to explain: the card can be spent with, or is closed. */
export function whyOf(state: CardState, time: TimeText): CardWhy | null {
  switch (state.phase) {
    case 'kyc':
      return kycWhy(state, time);
    case 'issuance':
      return issuanceWhy(state, time);
    case 'awaiting_delivery':
      return deliveryWhy(state, time);
    case 'activation':
      return activationWhy(state, time);
    case 'active':
      return activeWhy(state);
    case 'winding_down':
      return windingDownWhy(state, time);
    case 'closed':
      return null;
  }
}

const doing = (text: string): CardWhy => ({ text, untilMs: null });

/** A wait with its end in the middle of the sentence: what for, and what then. */
function waiting(
  state: CardState,
  time: TimeText,
  [what, then]: readonly [string, string],
): CardWhy {
  const step = nextStep(state);
  const untilMs = step.kind === 'wait' ? step.untilMs : null;
  return untilMs === null ? doing(what) : waitingUntil(time, untilMs, [what, then]);
}

const waitingUntil = (
  time: TimeText,
  untilMs: number,
  [what, then]: readonly [string, string],
): CardWhy => ({ text: `${what} until ${time(untilMs)}, then ${then}`, untilMs });

const because = (reason: string | null): string =>
  reason === null || reason === '' ? '' : ` (${reason})`;

function kycWhy(state: KycState, time: TimeText): CardWhy {
  // The end of the wait is what matters here; reminders and looks at the provider before it are no end.
  const untilMs = state.requestedMs + state.terms.kyc.deadlineMs;
  const then = 'the request is closed';
  switch (state.step) {
    case 'start':
      return doing('the identity check is being set up');
    case 'pending':
      return waitingUntil(time, untilMs, [
        state.provider === 'manual'
          ? 'waits for a person to review the documents'
          : 'waits for the customer to identify',
        then,
      ]);
    case 'failed': {
      const failed = `the identity check failed${because(state.lastFailure)}: waits for another try`;
      return waitingUntil(time, untilMs, [failed, then]);
    }
  }
}

function issuanceWhy(state: IssuanceState, time: TimeText): CardWhy {
  switch (state.step) {
    case 'cancel_previous':
      return isCancelRefused(state)
        ? waiting(state, time, [
            `Stripe does not cancel the card of the lost parcel${because(state.blockedReason)}: waits`,
            'it is tried again',
          ])
        : doing('the card of the lost parcel is being cancelled at Stripe');
    case 'await_address':
      return waiting(state, time, [
        'waits for the customer to correct the address',
        'a reminder is due',
      ]);
    case 'create':
      return doing(
        state.blockedReason === null
          ? 'is being made at Stripe'
          : `is asked for at Stripe again${because(state.blockedReason)}`,
      );
    case 'blocked': {
      if (isFieldRefused(state)) {
        const refused = `Stripe refuses a field${because(state.blockedReason)}: waits for its correction`;
        return waiting(state, time, [refused, 'a reminder is due']);
      }
      const blocked = `Stripe does not make the card yet${because(state.blockedReason)}: waits for that to be settled`;
      return waiting(state, time, [blocked, 'it is tried again']);
    }
  }
}

function deliveryWhy(state: AwaitingDeliveryState, time: TimeText): CardWhy {
  const status = because(state.shipping);
  switch (state.late) {
    case 'no':
      return waiting(state, time, [`waits for the parcel${status}`, 'a reminder is due']);
    case 'reminded':
      return waiting(state, time, [
        `waits for the parcel${status}`,
        'Stripe is asked and a person is told',
      ]);
    case 'overdue':
      return waiting(state, time, [`waits for a late parcel${status}`, 'Stripe is asked again']);
  }
}

function activationWhy(state: ActivationState, time: TimeText): CardWhy {
  if (state.refused !== null) {
    const refused = `Stripe refuses to activate the card${because(state.refused)}: waits`;
    return waiting(state, time, [refused, 'it is tried again']);
  }
  if (state.freeze.wanted) return doing('is frozen, and is activated when the freeze is lifted');
  return doing('is being activated at Stripe');
}

/** An active card waits for nobody; what is told is what Stripe does not show as we want it, or a person should know. */
function activeWhy(state: ActiveState): CardWhy | null {
  const { freeze, mirrors, holderProblem } = state;
  if (freeze.by.includes('fraud')) return doing('is frozen, because Stripe warns of fraud');
  if (state.drifted) return doing('Stripe shows a status that nobody here asked for');
  if (freeze.refused !== null) {
    const what = freeze.refused.wanted ? 'freeze' : 'unfreeze';
    return doing(`Stripe refuses to ${what} the card${because(freeze.refused.code)}`);
  }
  if (freeze.wanted !== freeze.mirrored) {
    return doing(
      `Stripe is being told that the card is ${freeze.wanted ? '' : 'no longer '}frozen`,
    );
  }
  if (freeze.wanted) return doing(`is frozen by ${freeze.by.join(', ') || 'somebody'}`);
  if (holderProblem !== null)
    return doing(`Stripe declines its purchases${because(holderProblem)}`);
  const refused = mirrors.holder.refused ?? mirrors.controls.refused;
  return refused === null ? null : doing(`Stripe does not take a setting${because(refused)}`);
}

function windingDownWhy(state: WindingDownState, time: TimeText): CardWhy {
  if (state.cancelRefused !== null) {
    return waiting(state, time, [
      `Stripe does not cancel the card${because(state.cancelRefused)}: waits`,
      'it is tried again',
    ]);
  }
  if (!state.stripeCanceled) return doing('is being cancelled at Stripe');
  if (state.checkDue) return doing('is being checked for money that is not settled yet');
  return waiting(state, time, [
    'waits for late captures, refunds and disputes',
    'it is closed if all is settled',
  ]);
}
