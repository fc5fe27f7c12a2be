/** Velocity limits of cards, accounts and tenants, as decisions keep them: alone and in lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { LIMIT_INTERVALS } from '../../src/domain/controls.ts';
import { balancesOf, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  anotherCard,
  ask,
  askAt,
  daily,
  type Limit,
  reasonsOf,
  setLimits,
  spend,
  type Wanted,
} from '../support/limited-cards.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  // Sessions far from UTC, whose days begin half a day earlier.
  const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
  await owner.unsafe(`alter database ${database.name} set timezone = 'Pacific/Auckland'`);
  await owner.end();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-limits' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

async function limitedCard(...limits: readonly Limit[]): Promise<CardProgram> {
  const program = await createCardProgram(sql, { fundsMinor: 100_000 });
  await setLimits(sql, program, 'card', limits);
  return program;
}
const reasons = (...wanted: readonly Wanted[]) => reasonsOf(sql, ...wanted);
/** Asks for one purchase. */
async function one(wanted: Wanted) {
  const [answered] = await ask(sql, wanted);
  if (answered === undefined) throw new Error('a question has an answer');
  return answered;
}

/** Windows of NOW, with the last moment before each, and the first one after it. */
const WINDOWS = [
  {
    interval: 'daily',
    first: '2026-03-18T00:00:00.000Z',
    before: '2026-03-17T23:59:59.999999Z',
    last: '2026-03-18T23:59:59.999Z',
    after: '2026-03-19T00:00:00.000Z',
  },
  {
    interval: 'weekly',
    first: '2026-03-16T00:00:00.000Z',
    before: '2026-03-15T23:59:59.999999Z',
    last: '2026-03-22T23:59:59.999Z',
    after: '2026-03-23T00:00:00.000Z',
  },
  {
    interval: 'monthly',
    first: '2026-03-01T00:00:00.000Z',
    before: '2026-02-28T23:59:59.999999Z',
    last: '2026-03-31T23:59:59.999Z',
    after: '2026-04-01T00:00:00.000Z',
  },
  {
    interval: 'yearly',
    first: '2026-01-01T00:00:00.000Z',
    before: '2025-12-31T23:59:59.999999Z',
    last: '2026-12-31T23:59:59.999Z',
    after: '2027-01-01T00:00:00.000Z',
  },
] as const;

describe('a limit of an amount', () => {
  it('may be used up to its last cent, and names its numbers when it breaks', async () => {
    const card = await limitedCard(daily(1_000));
    await spend(sql, card, 300);
    expect(await reasons({ card, amount: 700 })).toEqual(['APPROVED']);
    const { reason, explanation } = await one({ card, amount: 1 });
    expect(reason).toBe('DAILY_LIMIT_EXCEEDED');
    expect(explanation).toEqual({
      limit: {
        by: 'card',
        interval: 'daily',
        amountMinor: 1_000,
        spentMinor: 1_000,
        spentCount: 2,
      },
    });
    expect(await balancesOf(sql, card)).toMatchObject({ held: 700 });
  });

  it.each(LIMIT_INTERVALS)('%s has a reason of its own', async (interval) => {
    const card = await limitedCard({ interval, amountMinor: 999 });
    expect(await reasons({ card, amount: 1_000 }, { card, amount: 999 })).toEqual([
      `${interval.toUpperCase()}_LIMIT_EXCEEDED`,
      'APPROVED',
    ]);
  });

  it('of nothing lets nothing pass but a check of the account', async () => {
    const card = await limitedCard(daily(0));
    expect(await reasons({ card, amount: 1 }, { card, amount: 0 })).toEqual([
      'DAILY_LIMIT_EXCEEDED',
      'ACCOUNT_CHECK',
    ]);
  });

  it('of one minor unit lets one minor unit pass', async () => {
    const card = await limitedCard(daily(1));
    expect(await reasons({ card, amount: 1 }, { card, amount: 1 })).toEqual([
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
    ]);
  });

  it('that is the first to break is told, from the shortest interval on', async () => {
    const card = await limitedCard({ interval: 'all_time', amountMinor: 5 }, daily(20), daily(10));
    expect((await one({ card, amount: 15 })).explanation.limit).toMatchObject({ amountMinor: 10 });
    expect((await one({ card, amount: 25 })).explanation.limit).toMatchObject({ amountMinor: 20 });
    expect((await one({ card, amount: 6 })).reason).toBe('ALL_TIME_LIMIT_EXCEEDED');
  });

  it('is looked at before the money', async () => {
    const card = await limitedCard(daily(1_000));
    expect(await reasons({ card, amount: 200_000 })).toEqual(['DAILY_LIMIT_EXCEEDED']);
  });

  it('counts what was approved of a part, and looks at all that was asked', async () => {
    const poor = await createCardProgram(sql, { fundsMinor: 600 });
    await sql`update accounts set allow_partial = true, version = version + 1 where account_id = ${poor.accountId}`;
    await setLimits(sql, poor, 'card', [daily(1_000)]);
    const part = { card: poor, isAmountControllable: true };
    expect(await reasons({ ...part, amount: 1_001 }, { ...part, amount: 1_000 })).toEqual([
      'DAILY_LIMIT_EXCEEDED',
      'APPROVED_PARTLY',
    ]);
    await sql`update accounts set credit_limit_minor = 1000, version = version + 1 where account_id = ${poor.accountId}`;
    expect(await reasons({ card: poor, amount: 401 }, { card: poor, amount: 400 })).toEqual([
      'DAILY_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
  });

  it('does not count what is held on top of a foreign amount', async () => {
    const card = await limitedCard(daily(1_000));
    const foreign = { card, merchantCurrency: 'eur' };
    expect(
      await reasons({ ...foreign, amount: 600 }, { ...foreign, amount: 400 }, { card, amount: 1 }),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
    expect((await balancesOf(sql, card)).held).toBe(1_030);
  });
});

describe('the window of a decision', () => {
  it.each(WINDOWS)('$interval begins at its first moment in UTC', async (window) => {
    const { interval, first, before } = window;
    const card = await limitedCard({ interval, amountMinor: 300 });
    await spend(sql, card, 100, { at: first });
    await spend(sql, card, 1_000, { at: before });
    expect(await reasons({ card, amount: 200 })).toEqual(['APPROVED']);
    expect((await one({ card, amount: 1 })).explanation.limit).toMatchObject({
      spentMinor: 300,
      spentCount: 2,
    });
  });

  it.each(WINDOWS)(
    '$interval lasts until its last moment, by the clock that asks',
    async (window) => {
      const { interval, last, after } = window;
      const card = await limitedCard({ interval, amountMinor: 300 });
      await spend(sql, card, 100);
      const reasonAt = async (at: string, amount: number) =>
        (await askAt(at, sql, { card, amount }))[0]?.reason;
      expect(await reasonAt(last, 201)).toBe(`${interval.toUpperCase()}_LIMIT_EXCEEDED`);
      expect(await reasonAt(last, 200)).toBe('APPROVED');
      expect(await reasonAt(after, 301)).toBe(`${interval.toUpperCase()}_LIMIT_EXCEEDED`);
      expect(await reasonAt(after, 300)).toBe('APPROVED');
      // What the next window has taken is not taken from this one.
      expect(await reasonAt(last, 1)).toBe(`${interval.toUpperCase()}_LIMIT_EXCEEDED`);
    },
  );

  it('of all time has no first moment', async () => {
    const card = await limitedCard({ interval: 'all_time', amountMinor: 300 });
    await spend(sql, card, 299, { at: '2001-01-01T00:00:00Z' });
    expect(await reasons({ card, amount: 2 }, { card, amount: 1 })).toEqual([
      'ALL_TIME_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
  });
});

describe('a limit for some categories', () => {
  const bars = daily(1_000, { categories: ['bars', 'taxicabs_limousines'] });

  it('counts these together, and no purchase of another', async () => {
    const card = await limitedCard(bars);
    expect(
      await reasons(
        { card, amount: 5_000, category: 'bakeries' },
        { card, amount: 600, category: 'bars' },
        { card, amount: 401, category: 'taxicabs_limousines' },
        { card, amount: 400, category: 'taxicabs_limousines' },
        { card, amount: 5_000, category: 'florists' },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED', 'APPROVED', 'APPROVED']);
    const { reason, explanation } = await one({ card, amount: 1, category: 'bars' });
    expect(reason).toBe('DAILY_LIMIT_EXCEEDED');
    expect(explanation.limit).toMatchObject({
      categories: ['bars', 'taxicabs_limousines'],
      spentMinor: 1_000,
      spentCount: 2,
    });
    expect(await reasons({ card, amount: 1 })).toEqual(['APPROVED']);
  });

  it('stands beside one in total, each with its own sum', async () => {
    const card = await limitedCard(bars, daily(1_500));
    expect(
      await reasons(
        { card, amount: 900, category: 'bars' },
        { card, amount: 601, category: 'bakeries' },
        { card, amount: 600, category: 'bakeries' },
        { card, amount: 1, category: 'bars' },
      ),
    ).toEqual(['APPROVED', 'DAILY_LIMIT_EXCEEDED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
  });
});

describe('whose purchases are counted', () => {
  it('of an account: those of all its cards, in one list and after it', async () => {
    const card = await limitedCard();
    const second = await anotherCard(sql, card, 'beside');
    await setLimits(sql, card, 'account', [daily(1_000)]);
    expect(
      await reasons(
        { card, amount: 600 },
        { card: second, amount: 401 },
        { card: second, amount: 300 },
      ),
    ).toEqual(['APPROVED', 'DAILY_LIMIT_EXCEEDED', 'APPROVED']);
    expect((await one({ card, amount: 101 })).explanation.limit).toEqual({
      by: 'account',
      interval: 'daily',
      amountMinor: 1_000,
      spentMinor: 900,
      spentCount: 2,
    });
  });

  it('of a card: its own', async () => {
    const card = await limitedCard(daily(1_000));
    const second = await anotherCard(sql, card, 'beside');
    expect(
      await reasons(
        { card: second, amount: 5_000 },
        { card, amount: 1_000 },
        { card: second, amount: 5_000 },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'APPROVED']);
    expect(await reasons({ card, amount: 1 })).toEqual(['DAILY_LIMIT_EXCEEDED']);
  });

  it('of a tenant: those of each card by itself, in its currency', async () => {
    const card = await limitedCard();
    const second = await anotherCard(sql, card, 'beside');
    await setLimits(sql, card, 'tenant', [
      daily(1_000, { currency: 'usd' }),
      daily(1, { currency: 'eur' }),
    ]);
    expect(
      await reasons(
        { card, amount: 1_000 },
        { card: second, amount: 1_000 },
        { card: second, amount: 1 },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
    expect((await one({ card, amount: 1 })).explanation.limit).toMatchObject({ by: 'tenant' });
  });

  it('of a card that replaced others: those of the whole chain', async () => {
    const first = await limitedCard(daily(5_000));
    const second = await anotherCard(sql, first, 'replacing');
    const third = await anotherCard(sql, second, 'replacing');
    await setLimits(sql, third, 'card', [daily(1_000)]);
    await one({ card: first, amount: 300 });
    await one({ card: second, amount: 300 });
    expect((await one({ card: third, amount: 401 })).explanation.limit).toMatchObject({
      spentMinor: 600,
      spentCount: 2,
    });
    expect(await reasons({ card: third, amount: 400 })).toEqual(['APPROVED']);
  });

  it('of a card: those before it in the list, also where only the later request has the limit', async () => {
    const old = await limitedCard();
    const fresh = await anotherCard(sql, old, 'replacing');
    await setLimits(sql, fresh, 'card', [
      daily(1_000),
      daily(1_000, { categories: ['bakeries'] }),
      { interval: 'daily', count: 2 },
    ]);
    const answers = await ask(
      sql,
      { card: old, amount: 700 },
      { card: fresh, amount: 301 },
      { card: fresh, amount: 299 },
      { card: fresh, amount: 1 },
    );
    expect(answers.map(({ reason }) => reason)).toEqual([
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
    ]);
    expect(answers[1]?.explanation.limit).toMatchObject({ spentMinor: 700, spentCount: 1 });
    expect(answers[3]?.explanation.limit).toMatchObject({ count: 2, spentCount: 2 });
  });

  it('of cards of several accounts in one list: each its own', async () => {
    const cards = [await limitedCard(daily(100)), await limitedCard(daily(100))] as const;
    expect(
      await reasons(
        { card: cards[0], amount: 100 },
        { card: cards[1], amount: 100 },
        { card: cards[0], amount: 1 },
        { card: cards[1], amount: 1 },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED', 'DAILY_LIMIT_EXCEEDED']);
  });
});
