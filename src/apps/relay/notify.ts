/** Tells card workflows what they should know: facts at once, spending as digests, and starts those never started. */
import {
  cardsWithoutWorkflow,
  markDigestSent,
  markSent,
  markWorkflowStarted,
  waitingDigests,
  waitingFacts,
} from '../../adapters/postgres/fact-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';

/** Cards signalled together: enough to use the connection, few enough not to flood a small server. */
const CARDS_PER_STEP_MAX = 32;
/** The API starts the workflow itself; only requests it could not start are left after this long. */
const START_AFTER_MS = 3_000;

export interface Notifier {
  /** Sends waiting facts; true when more may wait. */
  sendFacts(): Promise<boolean>;
  /** Sends digests that are due and starts forgotten workflows. */
  sweep(): Promise<boolean>;
}

export function createNotifier(
  sql: Sql,
  workflows: CardWorkflows,
  options: { readonly digestIntervalMs: number; readonly onError: (error: unknown) => void },
): Notifier {
  /** One card that cannot be reached must not keep the others waiting; it is tried again with the next sweep. */
  const each = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<number> => {
    const results = await Promise.allSettled(items.map(act));
    const failed = results.filter((result) => result.status === 'rejected');
    for (const failure of failed.slice(0, 1)) options.onError(failure.reason);
    return items.length - failed.length;
  };

  return {
    async sendFacts() {
      const waiting = await waitingFacts(sql, CARDS_PER_STEP_MAX);
      const sent = await each(waiting, async ({ cardId, facts }) => {
        await workflows.sendFacts(cardId, facts);
        await markSent(
          sql,
          facts.flatMap(({ factId }) => (factId === null ? [] : [factId])),
        );
      });
      return sent > 0 && waiting.length === CARDS_PER_STEP_MAX;
    },
    async sweep() {
      const digests = await waitingDigests(sql, {
        intervalMs: options.digestIntervalMs,
        limit: CARDS_PER_STEP_MAX,
      });
      await each(digests, async ({ cardId, isActive, revision, fact }) => {
        // Only an active card models spending; another would be woken, or opened again, for nothing.
        if (isActive) await workflows.sendFacts(cardId, [{ factId: null, fact }]);
        await markDigestSent(sql, cardId, revision);
      });
      const forgotten = await cardsWithoutWorkflow(sql, {
        olderThanMs: START_AFTER_MS,
        limit: CARDS_PER_STEP_MAX,
      });
      await each(forgotten, async (cardId) => {
        await workflows.start(cardId);
        await markWorkflowStarted(sql, cardId);
      });
      return false;
    },
  };
}
