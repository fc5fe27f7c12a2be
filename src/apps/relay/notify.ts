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
import type { CardId } from '../../domain/ids.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';
import { createBackoff } from './backoff.ts';

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

export interface NotifierOptions {
  readonly digestIntervalMs: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export function createNotifier(
  sql: Sql,
  workflows: CardWorkflows,
  options: NotifierOptions,
): Notifier {
  /** Cards that cannot be reached step aside, or a step's worth of them would keep all others waiting for ever. */
  const backoff = createBackoff(() => options.clock.nowMs());
  const choice = () => ({ limit: CARDS_PER_STEP_MAX, except: backoff.waiting() });

  const each = async <T extends { readonly cardId: CardId }>(
    items: readonly T[],
    act: (item: T) => Promise<void>,
  ): Promise<number> => {
    const errors: unknown[] = [];
    await Promise.all(
      items.map(async (item) => {
        try {
          await act(item);
          backoff.succeeded(item.cardId);
        } catch (error) {
          backoff.failed(item.cardId);
          errors.push(error);
        }
      }),
    );
    // One a step: many cards fail alike.
    if (errors.length > 0) options.onError(errors[0]);
    return items.length - errors.length;
  };

  return {
    async sendFacts() {
      const waiting = await waitingFacts(sql, choice());
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
        ...choice(),
        intervalMs: options.digestIntervalMs,
      });
      await each(digests, async ({ cardId, isActive, revision, fact }) => {
        // Only an active card models spending; another would be woken, or opened again, for nothing.
        if (isActive) await workflows.sendFacts(cardId, [{ factId: null, fact }]);
        await markDigestSent(sql, cardId, revision);
      });
      const forgotten = await cardsWithoutWorkflow(sql, {
        ...choice(),
        olderThanMs: START_AFTER_MS,
      });
      await each(
        forgotten.map((cardId) => ({ cardId })),
        async ({ cardId }) => {
          await workflows.start(cardId);
          await markWorkflowStarted(sql, cardId);
        },
      );
      return false;
    },
  };
}
