/** What the workflow hears of a refusal of Stripe's. */
import { ApplicationFailure } from '@temporalio/common';
import type { CardFact } from '../src/domain/card-facts.ts';
import { refusalVerdict, type StripeRefusal, type Verdict } from '../src/domain/stripe-refusals.ts';

/** @throws a retryable failure for what passes by itself. */
export function issuanceStopped(verdict: Verdict): CardFact {
  const { kind, reason } = verdict;
  switch (kind) {
    case 'retry':
      throw passing(reason);
    case 'give_up':
      return { kind: 'issuance_refused', code: reason };
    case 'wait':
    case 'ask':
      return { kind: 'issuance_blocked', reason };
  }
}

/** Why Stripe does not take a change. @throws a retryable failure for what passes by itself. */
export function changeRefused(refusal: StripeRefusal): string {
  const { kind, reason } = refusalVerdict(refusal);
  if (kind === 'retry') throw passing(reason);
  return reason;
}

/** Stripe's code for a status that it does not take. @throws a retryable failure for what passes by itself. */
export function statusRefused(refusal: StripeRefusal): string {
  // Such a request holds no field that somebody gave us, so there is none to correct.
  return changeRefused({ ...refusal, param: null });
}

const passing = (reason: string): ApplicationFailure =>
  ApplicationFailure.retryable(`Stripe refuses for the moment: ${reason}`, 'REFUSED_FOR_NOW');
