/**
 * No overspend: two authorizers are asked about one account at once, far more than it has room for, with repeats of the
 * same events to either of them. A small form of what `npm run bench -- authorizer` does.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { Random } from '../orders/random.ts';
import { wrongBooks } from '../relay/relay-inbox.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { anotherCard, setLimits } from '../support/limited-cards.ts';
import { createMovements } from './money-movements.ts';
import {
  type Answer,
  type Swipe,
  swarm,
  type WiredAuthorizer,
  wireAuthorizer,
} from './wired-authorizer.ts';

const CONNECTIONS = 32;
const REQUESTS = 500;
/** One request in so many is asked once more, at most so many places behind the first. */
const REPEAT_EVERY = 9;
const REPEAT_WITHIN = 40;
const AMOUNT_MAX_MINOR = 200;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

let database: TestDatabase;
let sql: Sql;
let authorizers: readonly WiredAuthorizer[];
let random: Random;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-overspend' });
  authorizers = ['one', 'other'].map((name) => wireAuthorizer(database.appUrl, name));
  random = new Random(seed);
});
afterEach(async () => {
  await Promise.all(authorizers.map((authorizer) => authorizer.close()));
  await sql.end();
  await database.drop();
});

/** Purchases with the cards, some of them asked for twice. */
function swipesWith(cards: readonly CardProgram[]): readonly Swipe[] {
  const placed = Array.from({ length: REQUESTS }, (_none, place) => {
    const card = random.pick(cards);
    if (card === undefined) throw new Error('there are cards');
    const amount = 1 + random.below(AMOUNT_MAX_MINOR);
    const swipe = { requestId: `evt_${card.accountId}${place}`, card, amount };
    const again = { place: place + 0.5 + random.below(REPEAT_WITHIN), swipe };
    return place % REPEAT_EVERY === 0 ? [{ place, swipe }, again] : [{ place, swipe }];
  });
  return placed
    .flat()
    .toSorted((a, b) => a.place - b.place)
    .map(({ swipe }) => swipe);
}

const sumOf = (swipes: readonly Swipe[]): number => {
  const amounts = new Map(swipes.map(({ requestId, amount }) => [requestId, amount]));
  return [...amounts.values()].reduce((sum, amount) => sum + amount, 0);
};

/** A program with three cards on one account, which has room for half of what is asked with them. */
async function halfFunded(): Promise<{ cards: readonly CardProgram[]; swipes: readonly Swipe[] }> {
  const first = await createCardProgram(sql, { stripeAccount: null });
  const second = await anotherCard(sql, first, 'beside');
  const cards = [first, second, await anotherCard(sql, second, 'replacing')];
  const swipes = swipesWith(cards);
  await sql`
    update accounts set credit_limit_minor = ${Math.floor(sumOf(swipes) / 2)}, version = version + 1
     where account_id = ${first.accountId}`;
  return { cards, swipes };
}

const askAll = (swipes: readonly Swipe[]): Promise<readonly Answer[]> =>
  swarm(CONNECTIONS, swipes.values(), (swipe) => {
    const authorizer = random.pick(authorizers);
    if (authorizer === undefined) throw new Error('there are two authorizers');
    return authorizer.ask(swipe);
  });

interface Recorded {
  readonly request_id: string;
  readonly decision_id: string;
  readonly approved: boolean;
}

/** Answers that are not as recorded, and repeats that were answered otherwise. Fallbacks are answers of nobody. */
async function wrongAnswers(answers: readonly Answer[]): Promise<readonly string[]> {
  const rows = await sql<Recorded[]>`select request_id, decision_id, approved from decisions`;
  const recorded = new Map(rows.map((row) => [row.request_id, row]));
  return answers.flatMap(({ requestId, approved, decisionId }) => {
    if (decisionId === null) return approved ? [`${requestId} was approved by nobody`] : [];
    const row = recorded.get(requestId);
    const isAsRecorded = row?.decision_id === decisionId && row.approved === approved;
    return isAsRecorded ? [] : [`${requestId} was answered ${decisionId} ${approved}`];
  });
}

interface Money {
  readonly beyond: number;
  readonly unmatched: number;
  readonly wrong: number;
  readonly approved: number;
  readonly declined: number;
  readonly room: number;
  readonly smallest: number;
}

/** By the postings in their order, whose balances are summed anew. */
async function moneyOf({ accountId }: CardProgram): Promise<Money> {
  const [money] = await sql<[Money]>`
    with account as (select * from accounts where account_id = ${accountId}),
    moves as (
      select p.*, sum(case 'available' when p.credit then p.amount_minor when p.debit then -p.amount_minor else 0 end)
                    over (order by p.seq) as available
        from postings p join account using (account_id)),
    holds as (
      select m.*, e.decision_id from moves m join journal_entries e using (entry_id) where e.kind = 'hold'),
    declined as (
      select * from decisions where account_id = ${accountId} and reason = 'INSUFFICIENT_FUNDS')
    select (select count(*) from holds h, account a where h.available + a.credit_limit_minor < 0) as beyond,
           (select count(*) from holds h
              full join (select * from decisions where approved and account_id = ${accountId}) d using (decision_id)
             where h.amount_minor is distinct from d.approved_minor) as unmatched,
           (select count(*) from declined d, account a
             where d.available_before_minor + a.credit_limit_minor >= d.asked_minor
                or d.available_before_minor not in (select 0 union all select available from moves)) as wrong,
           (select count(*) from holds) as approved, (select count(*) from declined) as declined,
           (select available_minor + credit_limit_minor from account) as room,
           (select min(asked_minor) from declined) as smallest`;
  return money;
}

describe(`two authorizers and one account with room for half (seed ${seed})`, () => {
  it('approve what fits, decline what does not, and leave less than the smallest decline', async () => {
    const { cards, swipes } = await halfFunded();
    const [first] = cards;
    if (first === undefined) throw new Error('there are cards');
    const answers = await askAll(swipes);
    expect(answers).toHaveLength(swipes.length);
    expect(await wrongAnswers(answers)).toEqual([]);
    const money = await moneyOf(first);
    expect(money).toMatchObject({ beyond: 0, unmatched: 0, wrong: 0 });
    expect(money.room).toBeGreaterThanOrEqual(0);
    expect(money.room).toBeLessThan(money.smallest);
    // Nearly all were answered by Postgres, however slow the machine was.
    expect(money.approved + money.declined).toBeGreaterThan(REQUESTS / 2);
    expect(money.approved).toBeGreaterThan(0);
    expect(await wrongBooks(sql)).toEqual([]);
  });

  it('keep to what is there while credits, captures and reversals move it', async () => {
    const { cards, swipes } = await halfFunded();
    const [first] = cards;
    if (first === undefined) throw new Error('there are cards');
    const movements = createMovements(sql, first);
    const load = { isOver: false };
    const asking = askAll(swipes).finally(() => {
      load.isOver = true;
    });
    while (!load.isOver) await movements.move();
    expect(await wrongAnswers(await asking)).toEqual([]);
    const money = await moneyOf(first);
    expect(money).toMatchObject({ beyond: 0, unmatched: 0, wrong: 0 });
    expect(money.declined).toBeGreaterThan(0);
    expect(Object.values(movements.happened).every((count) => count > 0)).toBe(true);
    expect(await wrongBooks(sql)).toEqual([]);
  });

  it('keep to the limits of an account and of a chain of cards', async () => {
    const { cards, swipes } = await halfFunded();
    const [first, second] = cards;
    if (first === undefined || second === undefined) throw new Error('there are cards');
    const half = Math.floor(sumOf(swipes) / 2);
    const ofAccount = { interval: 'weekly', amountMinor: Math.floor(half / 2) } as const;
    const ofChain = { interval: 'yearly', count: REQUESTS / 10 } as const;
    await setLimits(sql, first, 'account', [ofAccount]);
    await setLimits(sql, second, 'tenant', [ofChain]);
    expect(await wrongAnswers(await askAll(swipes))).toEqual([]);
    const rows = await sql<{ owner: string; amount: number; purchases: number }[]>`
      select owner_id as owner, sum(amount_minor)::bigint as amount, sum(purchases)::bigint as purchases
        from spending group by 1`;
    const spent = new Map(rows.map((row) => [row.owner, row]));
    const [declined] = await sql<{ smallest: number; limits: number; counts: number }[]>`
      select min(asked_minor) filter (where reason = 'WEEKLY_LIMIT_EXCEEDED') as smallest,
             count(*) filter (where reason = 'WEEKLY_LIMIT_EXCEEDED') as limits,
             count(*) filter (where reason = 'YEARLY_LIMIT_EXCEEDED') as counts from decisions`;
    const account = spent.get(first.accountId)?.amount ?? 0;
    expect(account).toBeLessThanOrEqual(ofAccount.amountMinor);
    for (const card of [first, second])
      expect(spent.get(card.cardId)?.purchases).toBeLessThanOrEqual(ofChain.count);
    // One of them was reached, and used up to the last that fits.
    if ((declined?.limits ?? 0) > 0)
      expect(ofAccount.amountMinor - account).toBeLessThan(declined?.smallest ?? 0);
    expect((declined?.limits ?? 0) + (declined?.counts ?? 0)).toBeGreaterThan(0);
    expect(await wrongBooks(sql)).toEqual([]);
  });
});
