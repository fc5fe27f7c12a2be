/** Increments of purchases that began on another day: they count in the windows of that day, and are decided apart. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, daily, reasonsOf, setLimits, spend, type Wanted } from '../support/limited-cards.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-apart' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** The moments before and after the day that decisions are made on. */
const EARLIER = '2026-03-17T23:59:59.999999Z';
const LATER = '2026-03-19T00:00:00.000Z';

const reasons = (...wanted: readonly Wanted[]) => reasonsOf(sql, ...wanted);
const limitedCard = async (fundsMinor = 100_000): Promise<CardProgram> => {
  const card = await createCardProgram(sql, { fundsMinor });
  await setLimits(sql, card, 'card', [daily(1_000, { count: 3 })]);
  return card;
};
const spendingOf = async ({ cardId }: CardProgram) =>
  (
    await sql<{ text: string }[]>`
      select case when spent_on = '2026-03-18' then 'today' else spent_on::text end || ': ' || amount_minor || ' in ' || purchases as text
        from spending where owner_id = ${cardId} order by spent_on`
  ).map(({ text }) => text);

describe('an increment of a purchase that began on another day', () => {
  it.each([EARLIER, LATER])('counts in the windows of that day: %s', async (at) => {
    const card = await limitedCard();
    const of = await spend(sql, card, 800, { at });
    await spend(sql, card, 100, { at });
    await spend(sql, card, 1_000);
    const [above, fits] = [
      (await ask(sql, { card, amount: 101, of }))[0],
      (await ask(sql, { card, amount: 100, of }))[0],
    ];
    expect(above).toMatchObject({
      reason: 'DAILY_LIMIT_EXCEEDED',
      explanation: { limit: { spentMinor: 900, spentCount: 2 } },
    });
    expect(fits?.reason).toBe('APPROVED');
    const day = `${at.slice(0, 10)}: 1000 in 2`;
    const today = 'today: 1000 in 1';
    expect(await spendingOf(card)).toEqual(at === EARLIER ? [day, today] : [today, day]);
  });

  it('takes no room of today, though it is in a list with purchases of today', async () => {
    const card = await limitedCard();
    const of = await spend(sql, card, 100, { at: EARLIER });
    expect(
      await reasons(
        { card, amount: 600 },
        { card, amount: 900, of },
        { card, amount: 401 },
        { card, amount: 400 },
        { card, amount: 1, of },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
    expect(await spendingOf(card)).toEqual(['2026-03-17: 1000 in 1', 'today: 1000 in 2']);
    expect(await balancesOf(sql, card)).toMatchObject({ held: 1_900 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('shares longer windows, and the money, with the purchases of today', async () => {
    const card = await limitedCard(1_500);
    await setLimits(sql, card, 'card', [{ interval: 'all_time', amountMinor: 1_300 }]);
    const of = await spend(sql, card, 100, { at: EARLIER });
    expect(
      await reasons({ card, amount: 200, of }, { card, amount: 1_000 }, { card, amount: 200, of }),
    ).toEqual(['APPROVED', 'APPROVED', 'ALL_TIME_LIMIT_EXCEEDED']);
    await setLimits(sql, card, 'card', []);
    expect(await reasons({ card, amount: 200 }, { card, amount: 200, of })).toEqual([
      'APPROVED',
      'INSUFFICIENT_FUNDS',
    ]);
  });

  it('counts towards its own limit per authorization', async () => {
    const card = await limitedCard();
    await setLimits(sql, card, 'card', [{ interval: 'per_authorization', amountMinor: 1_000 }]);
    const of = await spend(sql, card, 400, { at: EARLIER });
    expect(
      await reasons({ card, amount: 300, of }, { card, amount: 1_000 }, { card, amount: 301, of }),
    ).toEqual(['APPROVED', 'APPROVED', 'PER_AUTHORIZATION_LIMIT_EXCEEDED']);
  });

  it('is declined by the rules like any other, late like any other, and answered once', async () => {
    const card = await limitedCard();
    const of = await spend(sql, card, 100, { at: EARLIER });
    const wanted = { card, amount: 50, of, requestId: 'evt_apart' };
    const answers = await ask(sql, wanted, wanted, { card, amount: 5, of, cvcCheck: 'mismatch' });
    expect(answers.map(({ reason }) => reason)).toEqual([
      'APPROVED',
      'APPROVED',
      'CVC_NOT_VERIFIED',
    ]);
    expect(answers[1]?.reply).toEqual(answers[0]?.reply);
    expect(await balancesOf(sql, card)).toMatchObject({ held: 50 });
  });

  it('of an account that is busy keeps no other waiting', async () => {
    const [busy, free] = [await limitedCard(), await limitedCard()];
    const [of, other] = [
      await spend(sql, busy, 100, { at: EARLIER }),
      await spend(sql, free, 100, { at: EARLIER }),
    ];
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${busy.accountId} for update`;
      expect(
        await reasons({ card: busy, amount: 5, of }, { card: free, amount: 5, of: other }),
      ).toEqual(['busy', 'APPROVED']);
    });
  });
});
