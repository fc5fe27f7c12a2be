/** What counts towards a limit: whose purchases, of which categories, in which window (UTC, wherever the session is). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { anotherCard, spend } from '../support/limited-cards.ts';

/** A Wednesday. */
const NOW = '2026-03-18T15:00:00Z';
/** Each amount is another power of two, so that a sum tells which of the purchases it counts. */
const PURCHASES: readonly (readonly [amount: number, at: string])[] = [
  [2 ** 0, '2026-03-18T00:00:00Z'],
  [2 ** 1, '2026-03-18T23:59:59.999999Z'],
  [2 ** 2, '2026-03-17T23:59:59.999999Z'],
  [2 ** 3, '2026-03-19T00:00:00Z'],
  [2 ** 4, '2026-03-16T00:00:00Z'],
  [2 ** 5, '2026-03-22T23:59:59.999999Z'],
  [2 ** 6, '2026-03-15T23:59:59.999999Z'],
  [2 ** 7, '2026-03-23T00:00:00Z'],
  [2 ** 8, '2026-03-01T00:00:00Z'],
  [2 ** 9, '2026-03-31T23:59:59.999999Z'],
  [2 ** 10, '2026-02-28T23:59:59.999999Z'],
  [2 ** 11, '2026-04-01T00:00:00Z'],
  [2 ** 12, '2026-01-01T00:00:00Z'],
  [2 ** 13, '2026-12-31T23:59:59.999999Z'],
  [2 ** 14, '2025-12-31T23:59:59.999999Z'],
  [2 ** 15, '2027-01-01T00:00:00Z'],
];
/** How many of the purchases, from the first, lie in the window of NOW. */
const WINDOWS = [
  { interval: 'daily', purchases: 2, first: '2026-03-18T00:00:00Z' },
  { interval: 'weekly', purchases: 6, first: '2026-03-16T00:00:00Z' },
  { interval: 'monthly', purchases: 10, first: '2026-03-01T00:00:00Z' },
  { interval: 'yearly', purchases: 14, first: '2026-01-01T00:00:00Z' },
  { interval: 'all_time', purchases: 16, first: '1970-01-01T00:00:00Z' },
] as const;

let database: TestDatabase;
let sql: Sql;
let program: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  // A session far from UTC, whose days and weeks begin half a day earlier.
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-windows' });
  await sql`set time zone 'Pacific/Auckland'`;
  program = await createCardProgram(sql);
  for (const [amount, at] of PURCHASES) await spend(sql, program, amount, { at });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

interface Asked {
  readonly interval: string;
  readonly categories?: readonly string[];
  readonly at?: string;
}

async function spentIn(owner: string, { interval, categories, at = NOW }: Asked) {
  const rows = await sql<{ amount_minor: number; purchases: number }[]>`
    select * from spent_in(${owner}, ${interval}, ${categories === undefined ? null : [...categories]},
      ${at}::text::timestamptz)`;
  expect(rows).toHaveLength(1);
  return [rows[0]?.amount_minor, rows[0]?.purchases];
}

describe('the window of a limit', () => {
  it.each(WINDOWS)(
    '$interval lies between its first and its last moment in UTC',
    async (window) => {
      const { interval, purchases } = window;
      const expected = [2 ** purchases - 1, purchases];
      expect(await spentIn(program.cardId, { interval })).toEqual(expected);
      expect(await spentIn(program.accountId, { interval })).toEqual(expected);
    },
  );

  it.each(WINDOWS)('$interval is the same from its first moment to its last', async (window) => {
    const { interval, purchases, first } = window;
    const expected = [2 ** purchases - 1, purchases];
    expect(await spentIn(program.cardId, { interval, at: first })).toEqual(expected);
    const [, last = NOW] = PURCHASES[purchases - 1] ?? [];
    expect(await spentIn(program.cardId, { interval, at: last })).toEqual(expected);
  });

  it.each(WINDOWS.slice(0, -1))('$interval is another a moment earlier', async (window) => {
    const { interval, purchases, first } = window;
    const before = new Date(Date.parse(first) - 1).toISOString();
    const [amount = 0] = await spentIn(program.cardId, { interval, at: before });
    // The purchase of its own first moment is not in it, that of the moment before is.
    const [[own], [earlier]] = [PURCHASES[purchases - 2] ?? [0], PURCHASES[purchases] ?? [0]];
    expect(amount & own).toBe(0);
    expect(amount & earlier).toBe(earlier);
  });

  it('of a leap year ends with the 29th of February', async () => {
    const own = await createCardProgram(sql);
    await spend(sql, own, 1, { at: '2028-02-29T23:59:59.999999Z' });
    await spend(sql, own, 2, { at: '2028-03-01T00:00:00Z' });
    const february = { interval: 'monthly', at: '2028-02-01T00:00:00Z' };
    expect(await spentIn(own.cardId, february)).toEqual([1, 1]);
  });

  it('of a week may lie in two years', async () => {
    const own = await createCardProgram(sql);
    await spend(sql, own, 1, { at: '2024-12-30T00:00:00Z' });
    await spend(sql, own, 2, { at: '2025-01-05T23:59:59.999999Z' });
    await spend(sql, own, 4, { at: '2025-01-06T00:00:00Z' });
    const week = { interval: 'weekly', at: '2025-01-01T12:00:00Z' };
    expect(await spentIn(own.cardId, week)).toEqual([3, 2]);
  });
});

describe('what a limit counts', () => {
  it('is nothing for who has spent nothing', async () => {
    const fresh = await createCardProgram(sql);
    for (const { interval } of WINDOWS) {
      for (const owner of [fresh.cardId, fresh.accountId, 'iauth_none'])
        expect(await spentIn(owner, { interval })).toEqual([0, 0]);
    }
    expect(await spentIn('iauth_none', { interval: 'per_authorization' })).toEqual([0, 0]);
  });

  it('is what one card has spent, or all cards of its account', async () => {
    const first = await createCardProgram(sql);
    const second = await anotherCard(sql, first, 'beside');
    await spend(sql, first, 100, { at: NOW });
    await spend(sql, second, 1_000, { at: NOW });
    const interval = 'daily';
    expect(await spentIn(first.cardId, { interval })).toEqual([100, 1]);
    expect(await spentIn(second.cardId, { interval })).toEqual([1_000, 1]);
    expect(await spentIn(first.accountId, { interval })).toEqual([1_100, 2]);
  });

  it('is what all cards of a chain of replacements have spent, under the first of them', async () => {
    const first = await createCardProgram(sql);
    const second = await anotherCard(sql, first, 'replacing');
    const third = await anotherCard(sql, second, 'replacing');
    for (const [card, amount] of [
      [first, 1],
      [second, 10],
      [third, 100],
    ] as const)
      await spend(sql, card, amount, { at: NOW });
    expect(await spentIn(first.cardId, { interval: 'daily' })).toEqual([111, 3]);
    const rows =
      await sql`select distinct chain_id from cards where account_id = ${first.accountId}`;
    expect([...rows]).toEqual([{ chain_id: first.cardId }]);
  });

  it('is only the categories that it names', async () => {
    const own = await createCardProgram(sql);
    await spend(sql, own, 1, { at: NOW });
    await spend(sql, own, 10, { at: NOW, category: 'taxicabs_limousines' });
    await spend(sql, own, 100, { at: NOW, category: 'bars' });
    for (const owner of [own.cardId, own.accountId]) {
      const spent = (...categories: readonly string[]) =>
        spentIn(owner, { interval: 'daily', categories });
      expect(await spentIn(owner, { interval: 'daily' })).toEqual([111, 3]);
      expect(await spent('bakeries')).toEqual([1, 1]);
      expect(await spent('bars', 'taxicabs_limousines')).toEqual([110, 2]);
      expect(await spent('florists')).toEqual([0, 0]);
      expect(await spent()).toEqual([0, 0]);
    }
  });

  it('per authorization is what this authorization counts, whenever that was', async () => {
    const own = await createCardProgram(sql);
    const id = await spend(sql, own, 600, { at: '2020-01-01T00:00:00Z' });
    await spend(sql, own, 1, { at: NOW });
    const [amount] = await spentIn(id, { interval: 'per_authorization' });
    expect(amount).toBe(600);
  });
});
