/** Limits of how often a card is used, and of how much one purchase may grow to, alone and in lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  anotherCard,
  ask,
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
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-counts' });
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
const idOf = async (wanted: Wanted): Promise<string> => (await one(wanted)).authorizationId;

describe('a limit of a count', () => {
  const twice: Limit = { interval: 'daily', count: 2 };

  it('lets so many purchases pass, in one list and after it', async () => {
    const card = await limitedCard(twice);
    expect(
      await reasons({ card, amount: 5 }, { card, amount: 60_000 }, { card, amount: 5 }),
    ).toEqual(['APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
    const { explanation } = await one({ card, amount: 5 });
    expect(explanation.limit).toEqual({
      by: 'card',
      interval: 'daily',
      count: 2,
      spentMinor: 60_005,
      spentCount: 2,
    });
  });

  it('does not count an increment, in a list of its own or in that of its purchase', async () => {
    const card = await limitedCard(twice);
    const of = 'iauth_grows';
    expect(
      await reasons(
        { card, amount: 5, of },
        { card, amount: 5, of },
        { card, amount: 5 },
        { card, amount: 5, of },
        { card, amount: 5 },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'APPROVED', 'APPROVED', 'DAILY_LIMIT_EXCEEDED']);
    expect(await reasons({ card, amount: 5, of }, { card, amount: 5 })).toEqual([
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
    ]);
  });

  it('counts no decline, no check of the account, and nothing of another day', async () => {
    const card = await limitedCard(twice);
    await spend(sql, card, 5, { at: '2020-01-01T00:00:00Z' });
    const checkedFirst = await idOf({ card, amount: 0 });
    expect(
      await reasons(
        { card, amount: 0 },
        { card, amount: 900_000 },
        { card, amount: 5, cvcCheck: 'mismatch' },
        { card, amount: 5 },
        // What began as a check of the account is a purchase from its first amount on.
        { card, amount: 5, of: checkedFirst },
        { card, amount: 5 },
        { card, amount: 0 },
      ),
    ).toEqual([
      'ACCOUNT_CHECK',
      'INSUFFICIENT_FUNDS',
      'CVC_NOT_VERIFIED',
      'APPROVED',
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
      'ACCOUNT_CHECK',
    ]);
  });

  it('of none lets no purchase pass, and an increment of an earlier one', async () => {
    const card = await limitedCard();
    const of = await idOf({ card, amount: 5 });
    await setLimits(sql, card, 'card', [{ interval: 'daily', count: 0 }]);
    expect(await reasons({ card, amount: 5 }, { card, amount: 5, of })).toEqual([
      'DAILY_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
  });

  it('beside an amount breaks with either', async () => {
    const card = await limitedCard(daily(1_000, { count: 2 }));
    expect(
      await reasons({ card, amount: 1_001 }, { card, amount: 1 }, { card, amount: 1 }),
    ).toEqual(['DAILY_LIMIT_EXCEEDED', 'APPROVED', 'APPROVED']);
    expect(await reasons({ card, amount: 1 })).toEqual(['DAILY_LIMIT_EXCEEDED']);
  });
});

describe('a limit per authorization', () => {
  const each: Limit = { interval: 'per_authorization', amountMinor: 1_000 };

  it('counts what this authorization was approved for before, and nothing else', async () => {
    const card = await limitedCard(each);
    const of = await idOf({ card, amount: 600 });
    expect(
      await reasons(
        { card, amount: 401, of },
        { card, amount: 1_000 },
        { card, amount: 1_001 },
        { card, amount: 400, of },
      ),
    ).toEqual([
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
      'APPROVED',
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
    expect((await one({ card, amount: 1, of })).explanation.limit).toMatchObject({
      spentMinor: 1_000,
      spentCount: 1,
    });
    expect((await one({ card, amount: 1_001 })).explanation.limit).toMatchObject({
      spentMinor: 0,
      spentCount: 0,
    });
  });

  it('counts increments within one list, each after those before it', async () => {
    const card = await limitedCard(each);
    const [of, other] = ['iauth_parts', 'iauth_others'];
    expect(
      await reasons(
        { card, amount: 500, of },
        { card, amount: 900, of: other },
        { card, amount: 501, of },
        { card, amount: 500, of },
        { card, amount: 101, of: other },
        { card, amount: 100, of: other },
      ),
    ).toEqual([
      'APPROVED',
      'APPROVED',
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
      'APPROVED',
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
  });

  it('of an account holds for each purchase of each of its cards', async () => {
    const card = await limitedCard();
    const second = await anotherCard(sql, card, 'beside');
    await setLimits(sql, card, 'account', [each]);
    expect(
      await reasons(
        { card, amount: 1_000 },
        { card: second, amount: 1_000 },
        { card: second, amount: 1_001 },
      ),
    ).toEqual(['APPROVED', 'APPROVED', 'PER_AUTHORIZATION_LIMIT_EXCEEDED']);
  });
});
