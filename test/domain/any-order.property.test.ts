/** Views that list records by their ids, and records that may name nothing, told in any order and in any batches. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MoneySighting } from '../../src/domain/books.ts';
import {
  parseAccountId,
  parseAuthorizationId,
  parseStripeCardId,
  parseTenantId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { MemoryBooks } from '../support/memory-books.ts';
import {
  AT_S,
  NOW_S,
  sampleAccount,
  sampleCard,
  sampleDecision,
  sampleEntry,
  sampleTransaction,
  sampleView,
  seen,
  viewed,
} from '../support/sample-books.ts';

const seed = Number(fc.sample(fc.nat(), 1)[0]);
const RUNS = 300;
const AUTHORIZATION = parseAuthorizationId('iauth_1');
const KNOWN = parseStripeCardId('ic_1');
const UNKNOWN = parseStripeCardId('ic_9');
const RECORDS = [parseTransactionId('ipi_1'), parseTransactionId('ipi_2')];

/** What happens to the books: something is seen, or done. */
type Step = MoneySighting | ((books: MemoryBooks) => void);

const viewAt = (afterS: number, listed: number, over: Parameters<typeof sampleView>[0]): Step =>
  viewed(
    sampleView({
      rank: { source: 'event', atS: AT_S + afterS },
      history: [sampleEntry(1_000)],
      captures: RECORDS.slice(0, listed).map((transactionId) => ({
        transactionId,
        amountMinor: null,
      })),
      ...over,
    }),
  );

const card = fc.constantFrom(KNOWN, UNKNOWN);

/** Nearly every view tells its history; one that does not shows an answer all the same. */
const history = fc.constantFrom({}, {}, { history: [] });

const record = (index: number): fc.Arbitrary<Step> =>
  fc
    .record({
      type: fc.constantFrom('capture', 'capture', 'refund'),
      authorizationId: fc.constantFrom(null, null, AUTHORIZATION),
      stripeCardId: card,
    })
    .map((fields) =>
      seen(
        sampleTransaction({
          ...fields,
          transactionId: RECORDS[index] ?? parseTransactionId('ipi_none'),
          amount: 300 + index * 100,
          createdS: AT_S + 20 + index,
        }),
      ),
    );

const decide: Step = (books) =>
  books.decide({
    authorizationId: AUTHORIZATION,
    stripeCardId: KNOWN,
    merchant: sampleView().merchant,
    decision: sampleDecision(),
  });
const recordCard: Step = (books) => books.recordCard(sampleCard({ stripeCardId: UNKNOWN }));

const sometimes = (step: fc.Arbitrary<Step>): fc.Arbitrary<readonly Step[]> =>
  fc.array(step, { maxLength: 1 });

const story: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    sometimes(history.map((told) => viewAt(0, 0, told))),
    sometimes(
      fc
        .tuple(fc.constantFrom(1_000, 700), history)
        .map(([amount, told]) => viewAt(20, 1, { amount, ...told })),
    ),
    sometimes(
      fc
        .record({
          status: fc.constantFrom('closed', 'pending', 'reversed'),
          amount: fc.constantFrom(0, 300),
          stripeCardId: card,
        })
        .map((over) => viewAt(40, 2, over)),
    ),
    record(0).map((step) => [step]),
    record(1).map((step) => [step]),
    sometimes(fc.constant(decide)),
    sometimes(fc.constant(recordCard)),
  )
  .map((parts) => parts.flat());

/** The places of the steps in the order told, and after which of them a batch is applied. */
const telling = (steps: readonly Step[]) =>
  fc.record({
    steps: fc.shuffledSubarray([...steps], { minLength: steps.length }),
    cuts: fc.array(fc.boolean(), { minLength: steps.length, maxLength: steps.length }),
  });

function endOf({ steps, cuts }: { steps: readonly Step[]; cuts: readonly boolean[] }) {
  const books = new MemoryBooks(NOW_S);
  books.open(sampleAccount());
  books.recordCard(sampleCard());
  books.queued = [];
  let batch: MoneySighting[] = [];
  const apply = (): void => {
    const rows = batch.map((sighting) => books.row(parseTenantId('ten_1'), sighting));
    batch = [];
    if (rows.length > 0) books.apply(rows);
    const { queued } = books;
    books.queued = [];
    if (queued.length > 0) books.apply(queued);
  };
  for (const [index, step] of steps.entries()) {
    if (typeof step === 'function') step(books);
    else batch.push(step);
    if (cuts[index] === true) apply();
  }
  // What was parked, and what a late card wakes, has its turn after the last batch.
  for (let round = 0; round < 3; round += 1) apply();
  const account = parseAccountId('acc_1');
  return {
    available: books.balance(account, 'available'),
    held: books.balance(account, 'held'),
    suspense: books.balance(null, 'suspense'),
    // Which of two cards of one plastic it names is the first one's that comes, until a view tells.
    authorizations: books
      .authorizationsWithDecisions()
      .map((state) => ({ ...state, record: state.record.heldMinor, stripeCardId: null })),
    transactions: [...books.transactions].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    items: [...books.items.keys()].toSorted(),
    spending: [...books.spending].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    confirmed: [...books.confirmed].toSorted(),
    parked: books.parked.length,
  };
}

describe(`a purchase whose records may be named by its views alone (seed ${seed})`, () => {
  it('ends the same in any order and in any batches', () => {
    fc.assert(
      fc.property(
        story.chain((steps) => fc.tuple(...Array.from({ length: 6 }, () => telling(steps)))),
        ([first, ...others]) => {
          const expected = endOf(first as never);
          for (const other of others) expect(endOf(other)).toEqual(expected);
        },
      ),
      { numRuns: RUNS, seed },
    );
  });
});
