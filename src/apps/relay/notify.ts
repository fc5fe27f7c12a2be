/**
 * Tells card workflows what they should know: facts at once, spending as digests, and starts those never started. A
 * card is claimed before it is told, so that several relays share the work, and has one batch under way at most. A call
 * that hangs keeps its own card waiting and no other.
 */
import { randomUUID } from 'node:crypto';
import { forgetLeases, leaseFailed, postponeLease } from '../../adapters/postgres/card-leases.ts';
import {
  type ClaimedFacts,
  claimDigests,
  claimFacts,
  claimStarts,
  digestSent,
  factsSent,
  startDone,
} from '../../adapters/postgres/fact-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import type { CardId } from '../../domain/ids.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';
import { createReach } from './reach.ts';

/** Cards told at once: enough to use the connection, few enough not to flood a small server. */
const CARDS_AT_ONCE_MAX = 32;
/** The API starts the workflow itself; only requests it could not start are left after this long. */
const START_AFTER_MS = 3_000;
/** A card whose workflow has to work off facts before it is told more is looked at again after this long. */
const ROOM_LOOK_S = 10;
/** Many cards fail alike: one failure in this time is reported. */
const REPORT_EVERY_MS = 1_000;

export interface Notifier {
  /** Begins to send waiting facts; true when more may wait and there is room for them. */
  sendFacts(): Promise<boolean>;
  /** Sends digests that are due and starts forgotten workflows. */
  sweep(): Promise<boolean>;
  /** Resolves once nothing is under way that `sendFacts` has begun. */
  idle(): Promise<void>;
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
  const holder = randomUUID();
  const reach = createReach(CARDS_AT_ONCE_MAX);
  const underWay = new Set<Promise<void>>();
  const report = createReporter(options);
  const choice = () => ({ holder, limit: reach.limit() });

  /** Tells one card; never rejects. A failure that cannot be written down ends with the lease. */
  async function tell(cardId: CardId, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      reach.succeeded();
    } catch (error) {
      reach.failed(error);
      report(error);
      await leaseFailed(sql, cardId, holder).catch(report);
    }
  }

  async function tellFacts(claimed: ClaimedFacts): Promise<void> {
    const { cardId, facts } = claimed;
    if (facts.length === 0) {
      await postponeLease(sql, cardId, { holder, waitS: ROOM_LOOK_S });
      return;
    }
    const runId = await workflows.sendFacts(cardId, facts);
    await factsSent(sql, claimed, { holder, runId });
  }

  return {
    async sendFacts() {
      const free = reach.limit() - underWay.size;
      if (free <= 0) {
        await Promise.race(underWay);
        return reach.isOpen();
      }
      const claimed = await claimFacts(sql, { holder, limit: free });
      for (const card of claimed) {
        const telling: Promise<void> = tell(card.cardId, () => tellFacts(card)).finally(() =>
          underWay.delete(telling),
        );
        underWay.add(telling);
      }
      return claimed.length === free;
    },

    async sweep() {
      const digests = await claimDigests(sql, {
        ...choice(),
        intervalMs: options.digestIntervalMs,
      });
      await Promise.all(
        digests.map((digest) =>
          tell(digest.cardId, async () => {
            const { cardId, isActive, fact } = digest;
            // Only an active card models spending; another would be woken, or opened again, for nothing.
            if (isActive) await workflows.sendFacts(cardId, [{ factId: null, fact }]);
            await digestSent(sql, digest, holder);
          }),
        ),
      );
      const forgotten = await claimStarts(sql, { ...choice(), olderThanMs: START_AFTER_MS });
      await Promise.all(
        forgotten.map((cardId) =>
          tell(cardId, async () => {
            await workflows.start(cardId);
            await startDone(sql, cardId, holder);
          }),
        ),
      );
      await forgetLeases(sql);
      return false;
    },

    async idle() {
      await Promise.all(underWay);
    },
  };
}

function createReporter({ clock, onError }: NotifierOptions): (error: unknown) => void {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (clock.nowMs() < nextMs) return;
    nextMs = clock.nowMs() + REPORT_EVERY_MS;
    onError(error);
  };
}
