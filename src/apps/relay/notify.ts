/**
 * Tells card workflows what they should know: facts at once, spending as digests, and starts those never started. A
 * card is claimed before it is told, so that several relays share the work, and has one batch under way at most. A call
 * that hangs keeps its own card waiting and no other.
 */
import { randomUUID } from 'node:crypto';
import {
  awaitRoom,
  forgetLeases,
  giveBack,
  leaseFailed,
} from '../../adapters/postgres/card-leases.ts';
import {
  type ClaimedDigest,
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
import { FACTS_PER_SIGNAL_MAX } from '../../domain/limits.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';
import { createReach } from './reach.ts';

/** Cards told at once: enough to use the connection, few enough not to flood a small server. */
const CARDS_AT_ONCE_MAX = 32;
/** The API starts the workflow itself; only requests it could not start are left after this long. */
const START_AFTER_MS = 3_000;
/** Many cards fail alike: one failure in this time is reported. */
const REPORT_EVERY_MS = 1_000;

export interface Notifier {
  /** Begins to send waiting facts; true when more may wait and there is room for them. */
  sendFacts(): Promise<boolean>;
  /** Sends digests that are due and starts forgotten workflows; true when more may be due. */
  sweep(): Promise<boolean>;
  /** Resolves once nothing is under way that `sendFacts` has begun. */
  idle(): Promise<void>;
}

export interface NotifierOptions {
  readonly digestIntervalMs: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Told when a card that was under way is free again, and a look meanwhile has passed over it. */
  readonly onFree?: () => void;
}

export function createNotifier(
  sql: Sql,
  workflows: CardWorkflows,
  options: NotifierOptions,
): Notifier {
  const holder = randomUUID();
  const teller: Teller = { sql, workflows, holder };
  const reach = createReach(CARDS_AT_ONCE_MAX);
  const underWay = new Set<Promise<void>>();
  /** More may wait for a card that is under way: for those that a look has passed over, and those told in parts. */
  let passedOver = false;
  const report = createReporter(options);

  /** Tells one card; never rejects. A failure that cannot be written down ends with the lease. */
  async function tell(cardId: CardId, act: () => Promise<Told>): Promise<void> {
    try {
      if ((await act()) === 'told') reach.succeeded();
    } catch (error) {
      reach.failed(error);
      report(error);
      await leaseFailed(sql, cardId, holder).catch(report);
    }
  }

  function ended(telling: Promise<void>): void {
    underWay.delete(telling);
    if (!passedOver) return;
    passedOver = false;
    options.onFree?.();
  }

  return {
    async sendFacts() {
      const free = reach.limit() - underWay.size;
      if (free <= 0) {
        await Promise.race(underWay);
        return reach.isOpen();
      }
      passedOver = underWay.size > 0;
      const claimed = await claimFacts(sql, { holder, limit: free });
      passedOver ||= claimed.some(isPartly);
      for (const card of claimed) {
        const telling: Promise<void> = tell(card.cardId, () => tellFacts(teller, card)).finally(
          () => ended(telling),
        );
        underWay.add(telling);
      }
      // One card's many facts may have hidden those of others from the look.
      return claimed.length === free || claimed.some(isPartly);
    },

    async sweep() {
      const { digestIntervalMs: intervalMs } = options;
      const limit = reach.limit();
      const digests = await claimDigests(sql, { holder, limit, intervalMs });
      await Promise.all(
        digests.map((digest) => tell(digest.cardId, () => tellDigest(teller, digest))),
      );
      const forgotten = await claimStarts(sql, { holder, limit, olderThanMs: START_AFTER_MS });
      await Promise.all(forgotten.map((cardId) => tell(cardId, () => start(teller, cardId))));
      // Facts may have come for a card that was told something else.
      if (digests.length + forgotten.length > 0) options.onFree?.();
      await forgetLeases(sql);
      return reach.isOpen() && Math.max(digests.length, forgotten.length) === limit;
    },

    async idle() {
      await Promise.all(underWay);
    },
  };
}

/** Whether more facts of the card may wait. */
const isPartly = ({ facts, isFull }: ClaimedFacts): boolean =>
  isFull || facts.length === FACTS_PER_SIGNAL_MAX;

/** Whether Temporal was asked at all. */
type Told = 'told' | 'nothing';

interface Teller {
  readonly sql: Sql;
  readonly workflows: CardWorkflows;
  readonly holder: string;
}

async function tellFacts({ sql, workflows, holder }: Teller, claimed: ClaimedFacts): Promise<Told> {
  const { cardId, facts, isFull } = claimed;
  if (facts.length === 0) {
    await (isFull ? awaitRoom : giveBack)(sql, cardId, holder);
    return 'nothing';
  }
  const runId = await workflows.sendFacts(cardId, facts);
  await factsSent(sql, claimed, { holder, runId });
  return 'told';
}

async function tellDigest(
  { sql, workflows, holder }: Teller,
  digest: ClaimedDigest,
): Promise<Told> {
  const { cardId, isActive, fact } = digest;
  // Only an active card models spending; another would be woken, or opened again, for nothing.
  if (isActive) await workflows.sendFacts(cardId, [{ factId: null, fact }]);
  await digestSent(sql, digest, holder);
  return isActive ? 'told' : 'nothing';
}

async function start({ sql, workflows, holder }: Teller, cardId: CardId): Promise<Told> {
  await workflows.start(cardId);
  await startDone(sql, cardId, holder);
  return 'told';
}

function createReporter({ clock, onError }: NotifierOptions): (error: unknown) => void {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (clock.nowMs() < nextMs) return;
    nextMs = clock.nowMs() + REPORT_EVERY_MS;
    onError(error);
  };
}
