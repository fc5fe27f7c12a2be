/**
 * Moves money of the one account while decisions are made on it: credits as the API books them, captures and reversals
 * as the relay applies them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { book } from '../../src/adapters/postgres/account-bookings.ts';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { parseAccountId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { pendingRows } from '../ledger/apply.ts';
import { accountId } from '../ledger/program.ts';
import type { Shown } from '../ledger/purchase.ts';
import { eventsOf } from '../ledger/stream.ts';
import type { Templates } from '../ledger/templates.ts';

const ACCOUNT = parseAccountId(accountId(0));
const CREDIT_MINOR = 10_000;
/** The pause of the loop, which leaves most of the machine to the decisions. */
const PAUSE_MS = 25;
/** Of the approvals since the last look so many are captured or reversed. */
const PURCHASES_AT_ONCE = 5;

export interface Moved {
  readonly credits: number;
  readonly captures: number;
  readonly releases: number;
}

interface Approval {
  readonly authorization_id: string;
  readonly request_id: string;
  readonly card_id: string;
  readonly approved_minor: number;
  readonly requested_at: number;
}

export interface Movements {
  /** Ends with the event that is applied last, and tells what was moved. Rejects when something went wrong. */
  stop(): Promise<Moved>;
}

export function startMovements(sql: Sql, templates: Templates, lanesMax: number): Movements {
  const stopping = new AbortController();
  const settle = createSettler(sql, templates);
  let credits = 0;

  const apply = () =>
    applyInbox(sql, {
      interpret: interpretEvent,
      clock: systemClock(0),
      lanesMax,
      onError: (_group, error) => {
        throw error;
      },
    });
  async function run(): Promise<Moved> {
    while (!stopping.signal.aborted) {
      credits += 1;
      await credit(sql, `credit ${credits}`);
      await settle.some();
      await apply();
      await delay(PAUSE_MS);
    }
    while ((await pendingRows(sql)) > 0) {
      await apply();
      await delay(PAUSE_MS);
    }
    return { credits, ...settle.counts };
  }

  const running = run();
  // Whoever stops it hears of a failure.
  running.catch(() => {});
  return {
    stop() {
      stopping.abort();
      return running;
    },
  };
}

async function credit(sql: Sql, externalRef: string): Promise<void> {
  const outcome = await sql.begin((tx) =>
    book(tx, {
      kind: 'credit',
      accountId: ACCOUNT,
      from: null,
      to: ACCOUNT,
      amountMinor: minorUnits(CREDIT_MINOR),
      externalRef,
      atMs: Date.now(),
    }),
  );
  if (outcome.kind !== 'booked') throw new Error(`a credit was ${outcome.kind}`);
}

/** Tells of the newest approvals what Stripe would: that they were captured, in part or whole, or reversed. */
function createSettler(sql: Sql, templates: Templates) {
  const intake = createEventIntake(sql);
  const counts = { captures: 0, releases: 0 };
  const seen = new Set<string>();

  async function tell(approval: Approval): Promise<void> {
    seen.add(approval.request_id);
    const states = statesOf(approval, seen.size);
    counts[states.at(-1)?.status === 'reversed' ? 'releases' : 'captures'] += 1;
    const purchase = {
      templates,
      number: seen.size,
      card: Number(approval.card_id.slice('card_'.length)),
      authorizationId: approval.authorization_id,
      requestIds: [approval.request_id],
    };
    await Promise.all(eventsOf(purchase, states).map((event) => intake.store(event)));
  }

  return {
    counts,
    async some(): Promise<void> {
      const approvals = await sql<Approval[]>`
        select authorization_id, request_id, card_id, approved_minor, requested_at from decisions
         where approved order by decided_at desc limit ${PURCHASES_AT_ONCE}`;
      for (const approval of approvals) {
        if (!seen.has(approval.request_id)) await tell(approval);
      }
    },
  };
}

/** By turns captured whole, captured in part, and reversed. */
function statesOf(approval: Approval, turn: number): readonly Shown[] {
  const { approved_minor: amountMinor, requested_at: atS } = approval;
  const first: Shown = {
    atS,
    status: 'pending',
    approved: true,
    amountMinor,
    answers: [{ amountMinor, approved: true, atS }],
    clearings: [],
  };
  const later = { ...first, atS: atS + 1 };
  if (turn % 3 === 0) return [first, { ...later, status: 'reversed', amountMinor: 0 }];
  const captured = turn % 3 === 1 ? amountMinor : Math.ceil(amountMinor / 2);
  const clearing = { number: 0, type: 'capture', amountMinor: captured, atS: atS + 1 } as const;
  return [first, { ...later, status: 'closed', clearings: [clearing] }];
}
