import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  AuthorizationSnapshot,
  ObservedTransaction,
} from '../../src/domain/authorization-state.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../src/domain/confirmation.ts';
import {
  type AuthorizationRecord,
  type BookedTransaction,
  bookInSuspense,
  converge,
} from '../../src/domain/convergence.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { netOf } from '../../src/domain/ledger.ts';
import { add, minorUnits, ZERO } from '../../src/domain/money.ts';
import { type Story, storyPlan, tell } from '../support/authorization-story.ts';
import { AT_S, NOW_S, sampleDecision } from '../support/sample-books.ts';

/** A run against mutants asks for fewer. */
const RUNS = fc.readConfigureGlobal().numRuns ?? 500;

type Item =
  | { readonly kind: 'snapshot'; readonly snapshot: AuthorizationSnapshot }
  | { readonly kind: 'transaction'; readonly transaction: ObservedTransaction }
  | { readonly kind: 'decision'; readonly decision: RecordedDecision };

interface Books {
  record: AuthorizationRecord;
  booked: readonly BookedTransaction[];
  available: number;
  held: number;
  settlement: number;
  flags: readonly string[];
  counted: number;
  tied: boolean;
}

const emptyBooks = (): Books => ({
  record: {
    authorizationId: parseAuthorizationId('iauth_story'),
    newest: [],
    evidence: NO_EVIDENCE,
    heldMinor: ZERO,
    decisions: [],
  },
  booked: [],
  available: 0,
  held: 0,
  settlement: 0,
  flags: [],
  counted: 0,
  tied: false,
});

const itemsOf = (story: Story): readonly Item[] => [
  ...story.snapshots.map((snapshot): Item => ({ kind: 'snapshot', snapshot })),
  ...story.transactions.map((transaction): Item => ({ kind: 'transaction', transaction })),
  ...story.decisions.map((decision): Item => ({ kind: 'decision', decision })),
];

/** What the database does with one batch: a decision takes its hold at once, everything then converges. */
function apply(books: Books, batch: readonly Item[]): void {
  const known = new Set(books.record.decisions.map((d) => d.requestId));
  const fresh = new Map<string, RecordedDecision>();
  for (const item of batch) {
    if (item.kind === 'decision' && !known.has(item.decision.requestId)) {
      fresh.set(item.decision.requestId, item.decision);
    }
  }
  const taken = add(...[...fresh.values()].map((d) => d.approvedMinor));
  books.available -= taken;
  books.held += taken;
  const record: AuthorizationRecord = {
    ...books.record,
    heldMinor: add(books.record.heldMinor, taken),
    decisions: [...books.record.decisions, ...fresh.values()],
  };
  const transactions = batch.flatMap((i) => (i.kind === 'transaction' ? [i.transaction] : []));
  const snapshots = batch.flatMap((i) => (i.kind === 'snapshot' ? [i.snapshot] : []));
  // As the adapter does: a transaction that a snapshot lists whole is seen with the snapshot.
  const { booked } = books;
  const reading = 'unknown' as const;
  const result = converge({ record, booked, snapshots, transactions, reading, nowS: 0 });
  for (const entry of result.entries) {
    books.available += netOf(entry.postings, 'available');
    books.held += netOf(entry.postings, 'held');
    books.settlement += netOf(entry.postings, 'network_settlement');
    expect(books.held).toBeGreaterThanOrEqual(0);
  }
  expect(books.held).toBe(result.hold.heldMinor);
  books.record = {
    ...record,
    newest: result.newest,
    evidence: result.evidence,
    heldMinor: minorUnits(books.held),
  };
  books.booked = [...booked, ...result.newTransactions];
  books.flags = result.flags;
  books.counted = result.hold.countedMinor;
  books.tied = result.flags.includes('tied');
}

const summary = ({ available, held, settlement, flags, counted, tied }: Books) => ({
  available,
  held,
  settlement,
  flags,
  counted,
  tied,
});

function run(items: readonly Item[], batchSize: number): Books {
  const books = emptyBooks();
  for (let start = 0; start < items.length; start += batchSize) {
    apply(books, items.slice(start, start + batchSize));
  }
  return books;
}

describe('converge', () => {
  it('ends in the same books, flags and counters in any order, with any repetition and batching', () => {
    fc.assert(
      fc.property(
        storyPlan.chain((plan) => {
          const items = itemsOf(tell(plan));
          return fc.record({
            items: fc.constant(items),
            shuffled: fc.array(fc.nat(items.length - 1), { maxLength: 4 }).chain((again) => {
              const repeated = again.flatMap((index) => items.slice(index, index + 1));
              const all = [...items, ...repeated];
              return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
            }),
            batchSize: fc.integer({ min: 1, max: 5 }),
          });
        }),
        ({ items, shuffled, batchSize }) => {
          const inOrder = run(items, items.length);
          expect(summary(run(shuffled, batchSize))).toEqual(summary(inOrder));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('moves exactly what the network cleared, and keeps the sum of all accounts at zero', () => {
    fc.assert(
      fc.property(storyPlan, (plan) => {
        const story = tell(plan);
        const books = run(itemsOf(story), 3);
        const cleared = story.transactions.reduce(
          (sum, t) => sum + (t.type === 'capture' ? t.amountMinor : -t.amountMinor),
          0,
        );
        expect(books.settlement).toBe(cleared);
        expect(books.available + books.held + books.settlement).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('holds nothing once every view is in and the authorization has ended', () => {
    fc.assert(
      fc.property(storyPlan, (plan) => {
        const story = tell(plan);
        const last = story.snapshots.at(-1);
        const books = run(itemsOf(story), 100);
        if (last !== undefined && last.status !== 'pending' && !books.tied)
          expect(books.held).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes a capture above the hold from what is held first and from available for the rest', () => {
    const story = tell({
      amount: 1_000,
      approved: true,
      asked: true,
      keyed: true,
      shrinks: true,
      steps: [{ kind: 'capture', amount: 1_500, final: true }],
      sameSecond: [false, false, false, false, false, false, false],
    });
    const books = run(itemsOf(story), 1);
    expect(books).toMatchObject({
      available: -1_500,
      held: 0,
      settlement: 1_500,
      flags: ['over_captured'],
    });
  });

  it('flags an approval that we never saw as adopted and holds its amount', () => {
    const story = tell({
      amount: 700,
      approved: true,
      asked: false,
      keyed: false,
      shrinks: true,
      steps: [],
      sameSecond: [false, false, false, false, false, false, false],
    });
    expect(run(itemsOf(story), 1)).toMatchObject({
      available: -700,
      held: 700,
      flags: ['adopted'],
    });
  });

  it('frees the hold when the network declined what we approved', () => {
    const story = tell({
      amount: 700,
      approved: false,
      asked: false,
      keyed: true,
      shrinks: true,
      steps: [],
      sameSecond: [false, false, false, false, false, false, false],
    });
    const approval: RecordedDecision = {
      requestId: 'evt_ours',
      approved: true,
      askedMinor: minorUnits(700),
      approvedMinor: minorUnits(700),
      surplus: { kind: 'none' },
      requestedS: 1_800_000_000,
      decidedS: 1_800_000_000,
    };
    const books = run([{ kind: 'decision', decision: approval }, ...itemsOf(story)], 1);
    expect(books).toMatchObject({ available: 0, held: 0, flags: [] });
  });

  it('books a capture of an unknown card against suspense', () => {
    const [capture] = tell({
      amount: 5,
      approved: true,
      asked: false,
      keyed: false,
      shrinks: true,
      steps: [{ kind: 'capture', amount: 5, final: true }],
      sameSecond: [false, false, false, false, false, false, false],
    }).transactions;
    if (capture === undefined) throw new Error('the story has a capture');
    expect(bookInSuspense(capture).postings).toEqual([
      { debit: 'suspense', credit: 'network_settlement', amountMinor: 5 },
    ]);
  });
});

describe('an authorization that only our decisions tell of', () => {
  const decided = (held: number, ...decisions: readonly RecordedDecision[]) =>
    converge({
      record: { ...emptyBooks().record, heldMinor: minorUnits(held), decisions },
      booked: [],
      snapshots: [],
      transactions: [],
      reading: 'unknown',
      nowS: NOW_S,
    });
  const declined = sampleDecision({ requestId: 'evt_declined', approved: false });

  it('is pending, and a purchase once any amount was approved', () => {
    expect(decided(1, sampleDecision({ amount: 1 }))).toMatchObject({
      status: 'pending',
      isPurchase: true,
      entries: [],
    });
    expect(decided(1, declined, sampleDecision({ amount: 1 })).isPurchase).toBe(true);
    expect(decided(0, declined).isPurchase).toBe(false);
    expect(decided(0, sampleDecision({ amount: 0 })).isPurchase).toBe(false);
  });

  it('frees what lapses at the time at which that is seen: nothing else dates it', () => {
    const surplus = { kind: 'fuel', holdMinor: minorUnits(100), validUntilS: AT_S + 1 } as const;
    expect(decided(100, sampleDecision({ amount: 1, surplus })).entries).toEqual([
      {
        kind: 'release',
        authorizationId: emptyBooks().record.authorizationId,
        transactionId: null,
        effectiveS: NOW_S,
        postings: [{ debit: 'held', credit: 'available', amountMinor: 99 }],
      },
    ]);
  });
});
