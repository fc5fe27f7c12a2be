/**
 * The order test of test/domain/convergence.test.ts, on the real tables: a seeded part of the same stories, told
 * in order to one card and shuffled, repeated and in other batches to another; both must end in the same books.
 * Decisions are real calls of the decision function, at any place among the events.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboxRow } from '../../src/adapters/postgres/apply/inbox-row.ts';
import { applyMoneyRows } from '../../src/adapters/postgres/apply/money-rows.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type {
  AuthorizationSnapshot,
  ObservedTransaction,
} from '../../src/domain/authorization-state.ts';
import type { MoneySighting } from '../../src/domain/books.ts';
import type { RecordedDecision } from '../../src/domain/confirmation.ts';
import { parseAuthorizationId, parseTransactionId } from '../../src/domain/ids.ts';
import { type Story, storyPlan, tell } from '../support/authorization-story.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** One in twenty of the runs in memory. */
const RUNS = 25;
const FUNDS_MINOR = 10_000_000;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

let database: TestDatabase;
let sql: Sql;
let nextName = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 3, name: 'test-order' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

type Item =
  | { readonly kind: 'snapshot'; readonly index: number }
  | { readonly kind: 'transaction'; readonly index: number }
  | { readonly kind: 'decision'; readonly index: number };

const itemsOf = (story: Story): readonly Item[] => [
  ...story.decisions.map((_d, index): Item => ({ kind: 'decision', index })),
  ...story.snapshots.map((_s, index): Item => ({ kind: 'snapshot', index })),
  ...story.transactions.map((_t, index): Item => ({ kind: 'transaction', index })),
];

/** The story with ids of its own, because both tellings share one database. */
function renamed(story: Story, program: CardProgram, name: string): Story {
  const authorizationId = parseAuthorizationId(`iauth_${name}`);
  const { stripeCardId } = program;
  const own = (id: string) => parseTransactionId(`${id}_${name}`);
  return {
    decisions: story.decisions,
    snapshots: story.snapshots.map(
      (s): AuthorizationSnapshot => ({
        ...s,
        authorizationId,
        stripeCardId,
        captures: s.captures.map((c) => ({ ...c, transactionId: own(c.transactionId) })),
      }),
    ),
    transactions: story.transactions.map(
      (t): ObservedTransaction => ({
        ...t,
        authorizationId,
        stripeCardId,
        transactionId: own(t.transactionId),
      }),
    ),
  };
}

/** A decision as the authorizer would have it made: recorded and held by the decision function. */
async function decide(
  program: CardProgram,
  decision: RecordedDecision,
  name: string,
): Promise<void> {
  const [row] = await sql<{ profile: { versions: unknown; accountId: string }; account: string }[]>`
    select card_profile(t.stripe_account, ${program.stripeCardId}) as profile, t.stripe_account as account
      from tenants t where tenant_id = ${program.tenantId}`;
  const request = {
    requestId: decision.requestId,
    decisionId: `dec_${name.replaceAll('_', '')}${decision.requestId.replaceAll('_', '')}`,
    tenantId: program.tenantId,
    cardId: program.cardId,
    accountId: program.accountId,
    versions: row?.profile.versions,
    stripeAccount: row?.account,
    stripeCardId: program.stripeCardId,
    authorizationId: `iauth_${name}`,
    currency: 'usd',
    askedMinor: decision.askedMinor,
    requestedS: decision.requestedS,
    surplus: { kind: 'none' },
    minimumMinor: decision.askedMinor,
    limits: [],
    ruleReason: decision.approved ? null : 'CARD_FROZEN',
    deadlineS: Date.now() / 1000 + 60,
    merchant: {},
  };
  const [answer] = await sql<{ answer: { outcome: string; approved: boolean }[] }[]>`
    select decide(${JSON.stringify([request])}::text::jsonb) as answer`;
  expect(answer?.answer[0]).toMatchObject({ outcome: 'decided', approved: decision.approved });
}

async function tellTo(
  program: CardProgram,
  story: Story,
  telling: { readonly items: readonly Item[]; readonly batchSize: number; readonly name: string },
) {
  const { items, batchSize, name } = telling;
  const own = renamed(story, program, name);
  for (let start = 0; start < items.length; start += batchSize) {
    const batch = items.slice(start, start + batchSize);
    for (const item of batch) {
      const decision = item.kind === 'decision' ? own.decisions[item.index] : undefined;
      if (decision !== undefined) await decide(program, decision, name);
    }
    const pick = <T>(kind: Item['kind'], list: readonly T[]): T[] =>
      batch.flatMap((item) => (item.kind === kind ? list.slice(item.index, item.index + 1) : []));
    const sightings: readonly MoneySighting[] = [
      ...pick('snapshot', own.snapshots).map((snapshot) => ({
        kind: 'authorization' as const,
        snapshot,
        transactions: [],
      })),
      ...pick('transaction', own.transactions).map((transaction) => ({
        kind: 'transaction' as const,
        transaction,
      })),
      // As the decision function asks for when it finds a view that came before it.
      ...(batch.some((item) => item.kind === 'decision')
        ? [{ kind: 'decision' as const, authorizationId: parseAuthorizationId(`iauth_${name}`) }]
        : []),
    ];
    const rows = sightings.map((sighting, key) => ({
      row: inboxRow(key),
      tenantId: program.tenantId,
      sighting,
    }));
    await sql.begin((tx) => applyMoneyRows(tx, rows, { nowMs: () => 1_800_000_000_000 }, 'wait'));
  }
}

const inboxRow = (key: number): InboxRow => ({
  inbox_id: key,
  group_key: '',
  event_id: '',
  source: 'webhook',
  type: '',
  object_id: null,
  created: 0,
  payload: {},
  stripe_account: null,
  received_at: new Date(0),
  attempts: 0,
  tenant_id: null,
});

async function ending(program: CardProgram, name: string) {
  const [row] = await sql`
    select status, held_minor, captured_minor, refunded_minor, counted_minor, flags, is_purchase
      from authorizations where authorization_id = ${`iauth_${name}`}`;
  const [spending] = await sql`
    select purchases, captures, captured_minor, refunded_minor from card_spending where card_id = ${program.cardId}`;
  return { books: await balancesOf(sql, program), row, spending };
}

describe(`applyMoney and decide together (seed ${seed})`, () => {
  it('end in the same books, flags and counters in any order', async () => {
    const shuffledStory = storyPlan.chain((plan) => {
      const items = itemsOf(tell(plan));
      return fc.record({
        plan: fc.constant(plan),
        items: fc.constant(items),
        shuffled: fc.array(fc.nat(items.length - 1), { maxLength: 3 }).chain((again) => {
          const all = [...items, ...again.flatMap((index) => items.slice(index, index + 1))];
          return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
        }),
        batchSize: fc.integer({ min: 1, max: 4 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(shuffledStory, async ({ plan, items, shuffled, batchSize }) => {
        nextName += 1;
        const [first, second] = [`a${nextName}`, `b${nextName}`];
        const story = tell(plan);
        const inOrder = await createCardProgram(sql, { fundsMinor: FUNDS_MINOR });
        const anyOrder = await createCardProgram(sql, { fundsMinor: FUNDS_MINOR });
        await tellTo(inOrder, story, { items, batchSize: items.length, name: first });
        await tellTo(anyOrder, story, { items: shuffled, batchSize, name: second });
        expect(await ending(anyOrder, second)).toEqual(await ending(inOrder, first));
      }),
      { numRuns: RUNS, seed },
    );
    expect(await brokenInvariants(sql)).toEqual([]);
  });
});
