/** Velocity limits as the database sees them: their windows, their categories, and whose purchases they count. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** A Wednesday. */
const NOW = '2026-03-18T15:00:00Z';
/** Each amount is another power of two, so that a sum tells which of the purchases it counts. */
const PURCHASES: readonly (readonly [amount: number, at: string])[] = [
  [1, '2026-03-18T00:00:00Z'],
  [2, '2026-03-17T23:59:59.999Z'],
  [4, '2026-03-16T00:00:00Z'],
  [8, '2026-03-15T23:59:59.999Z'],
  [16, '2026-03-01T00:00:00Z'],
  [32, '2026-02-28T23:59:59.999Z'],
  [64, '2026-01-01T00:00:00Z'],
  [128, '2025-12-31T23:59:59.999Z'],
];

let database: TestDatabase;
let sql: Sql;
let program: CardProgram;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  // A session far from UTC, whose days and weeks begin half a day earlier.
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-limits' });
  await sql`set time zone 'Pacific/Auckland'`;
  program = await createCardProgram(sql);
  for (const [amount, at] of PURCHASES) await purchase(program, amount, { at });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

async function purchase(
  of: CardProgram,
  amount: number,
  over: { readonly at?: string; readonly category?: string } = {},
): Promise<string> {
  const { at = NOW, category = 'bakeries' } = over;
  count += 1;
  const id = `iauth_spent${count}`;
  await sql`
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency,
      counted_minor, anchored_at, merchant)
    values (${of.tenantId}, ${id}, ${of.accountId}, ${of.cardId}, ${of.stripeCardId}, 'usd', ${amount},
      ${at}, ${sql.json({ category })})`;
  return id;
}

/** A second card on the account of the first. */
async function secondCard(first: CardProgram): Promise<CardProgram> {
  const [cardId, stripeCardId] = [`${first.cardId}b`, `${first.stripeCardId}b`];
  await sql`insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    values (${first.tenantId}, ${cardId}, ${first.cardholderId}, ${first.accountId}, 'virtual', 'usd', 'active',
      ${stripeCardId})`;
  await sql`insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${first.tenantId}, ${stripeCardId}, ${cardId}, 1, 'active', '4242', 12, 2030)`;
  return { ...first, cardId, stripeCardId } as CardProgram;
}

interface Limit {
  readonly interval: string;
  readonly amountMinor?: number;
  readonly scope?: 'card' | 'account';
  readonly categories?: readonly string[];
}

async function spent(of: CardProgram, limit: Limit): Promise<number | undefined> {
  const text = JSON.stringify({ scope: 'card', ...limit });
  const [row] = await sql<{ spent: number }[]>`
    select spent_of(${text}::text::jsonb, ${of.cardId}, ${of.accountId}, ${NOW}::text::timestamptz) as spent`;
  return row?.spent;
}

interface Asked {
  readonly limits: readonly Limit[];
  readonly category?: string;
  readonly authorizationId?: string;
}

async function broken(of: CardProgram, amount: number, asked: Asked): Promise<unknown> {
  const { limits, category = 'bakeries', authorizationId = 'iauth_new' } = asked;
  const { cardId, accountId } = of;
  const request = { limits, authorizationId, cardId, accountId, merchant: { category } };
  const [row] = await sql<{ broken: unknown }[]>`
    select broken_limit(${JSON.stringify(request)}::text::jsonb, ${amount}, ${NOW}::text::timestamptz) as broken`;
  return row?.broken;
}

describe('what a limit counts', () => {
  it.each([
    ['daily', 1],
    ['weekly', 1 + 2 + 4],
    ['monthly', 1 + 2 + 4 + 8 + 16],
    ['yearly', 1 + 2 + 4 + 8 + 16 + 32 + 64],
    ['all_time', 255],
  ])('%s begins at its first moment in UTC, wherever the session is', async (interval, sum) => {
    expect(await spent(program, { interval })).toBe(sum);
    expect(await spent(program, { interval, scope: 'account' })).toBe(sum);
  });

  it.each(['card', 'account'] as const)('is nothing for a new %s', async (scope) => {
    const fresh = await createCardProgram(sql);
    expect(await spent(fresh, { interval: 'all_time', scope })).toBe(0);
  });

  it('is what one card spent, or all cards of its account', async () => {
    const first = await createCardProgram(sql);
    const second = await secondCard(first);
    await purchase(first, 100);
    await purchase(second, 1_000);
    expect(await spent(first, { interval: 'daily' })).toBe(100);
    expect(await spent(second, { interval: 'daily' })).toBe(1_000);
    expect(await spent(first, { interval: 'daily', scope: 'account' })).toBe(1_100);
  });

  it.each(['card', 'account'] as const)(
    'is only the categories that it names, by %s',
    async (scope) => {
      const own = await createCardProgram(sql);
      await purchase(own, 100);
      await purchase(own, 1_000, { category: 'taxicabs_limousines' });
      const limit = { interval: 'daily', scope };
      expect(await spent(own, limit)).toBe(1_100);
      expect(await spent(own, { ...limit, categories: ['bakeries'] })).toBe(100);
      expect(await spent(own, { ...limit, categories: ['bars', 'taxicabs_limousines'] })).toBe(
        1_000,
      );
    },
  );
});

describe('a limit', () => {
  const daily = (amountMinor: number): Limit => ({ interval: 'daily', amountMinor, scope: 'card' });

  it('may be used up to its last cent, and names the numbers when it breaks', async () => {
    const own = await createCardProgram(sql);
    await purchase(own, 300);
    expect(await broken(own, 700, { limits: [daily(1_000)] })).toBeNull();
    expect(await broken(own, 701, { limits: [daily(1_000)] })).toEqual({
      ...daily(1_000),
      spentMinor: 300,
      askedMinor: 701,
    });
  });

  it('is told as the first of those that break', async () => {
    const own = await createCardProgram(sql);
    const limits = [daily(1_000), daily(20), daily(10)];
    expect(await broken(own, 50, { limits })).toMatchObject({ amountMinor: 20 });
  });

  it('for some categories does not concern a purchase of another, which may break a later limit', async () => {
    const own = await createCardProgram(sql);
    const bars = { ...daily(10), categories: ['bars', 'bakeries'] };
    expect(await broken(own, 50, { limits: [bars] })).toMatchObject({ amountMinor: 10 });
    const taxi = { category: 'taxicabs_limousines' };
    expect(await broken(own, 50, { ...taxi, limits: [bars] })).toBeNull();
    expect(await broken(own, 50, { ...taxi, limits: [bars, daily(20)] })).toMatchObject({
      amountMinor: 20,
    });
  });

  it('of an account counts the other cards of the account', async () => {
    const first = await createCardProgram(sql);
    const second = await secondCard(first);
    await purchase(second, 900);
    const limits = [{ ...daily(1_000), scope: 'account' as const }];
    expect(await broken(first, 100, { limits })).toBeNull();
    expect(await broken(first, 101, { limits })).toMatchObject({ spentMinor: 900 });
    expect(await broken(first, 101, { limits: [daily(1_000)] })).toBeNull();
  });

  it('per authorization counts what this authorization was approved for before, and nothing else', async () => {
    const own = await createCardProgram(sql);
    const authorizationId = await purchase(own, 600);
    const limits = [{ ...daily(1_000), interval: 'per_authorization' }];
    expect(await broken(own, 1_000, { limits })).toBeNull();
    expect(await broken(own, 1_001, { limits })).toMatchObject({ spentMinor: 0 });
    expect(await broken(own, 400, { limits, authorizationId })).toBeNull();
    expect(await broken(own, 401, { limits, authorizationId })).toMatchObject({ spentMinor: 600 });
  });
});
