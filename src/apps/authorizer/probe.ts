/** Asks Postgres to decide nothing. A question that hangs counts, so that an idle process finds lost connections too. */
import type { DecisionStore } from '../../ports/decision-store.ts';
import type { Guard } from './guard.ts';

/** Rejects when Postgres could not decide now. */
export const createProbe =
  (store: Pick<DecisionStore, 'probe'>, guard: Guard): (() => Promise<void>) =>
  async () => {
    const outcome = await guard(() => store.probe());
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'given_up') throw new Error('the call was given up');
  };
