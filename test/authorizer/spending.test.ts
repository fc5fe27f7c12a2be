/** `spending` follows the authorizations, whatever changes of them, and nobody else can write it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { changeAuthorization } from '../support/change-authorization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { anotherCard, ask, spend } from '../support/limited-cards.ts';

const AT = '2026-03-18T15:00:00Z';
const AT_S = Date.parse(AT) / 1000;
const DAY_S = 86_400;

let database: TestDatabase;
let sql: Sql;
let owner: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-spending' });
  await sql`set time zone 'Pacific/Auckland'`;
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
});
afterAll(async () => {
  await sql.end();
  await owner.end();
  await database.drop();
});

/** The rows of an owner, as `day category: amount in purchases`. */
async function rowsOf(id: string): Promise<readonly string[]> {
  const rows = await sql<{ text: string }[]>`
    select spent_on::text || ' ' || category || ': ' || amount_minor || ' in ' || purchases as text
      from spending where owner_id = ${id} order by spent_on, category`;
  return rows.map(({ text }) => text);
}

/** Those of the card and of the account, which must be the same. */
async function spendingOf(program: CardProgram): Promise<readonly string[]> {
  const rows = await rowsOf(program.cardId);
  expect(await rowsOf(program.accountId)).toEqual(rows);
  return rows;
}

describe('spending', () => {
  it('counts each purchase once, by day and category, for the card and for its account', async () => {
    const program = await createCardProgram(sql);
    await spend(sql, program, 100, { at: AT });
    await spend(sql, program, 20, { at: AT });
    await spend(sql, program, 3, { at: AT, category: 'bars' });
    await spend(sql, program, 4, { at: '2026-03-18T23:59:59.999999Z' });
    await spend(sql, program, 5, { at: '2026-03-19T00:00:00Z' });
    expect(await spendingOf(program)).toEqual([
      '2026-03-18 bakeries: 124 in 3',
      '2026-03-18 bars: 3 in 1',
      '2026-03-19 bakeries: 5 in 1',
    ]);
  });

  it('does not count what counts nothing', async () => {
    const program = await createCardProgram(sql);
    await spend(sql, program, 0, { at: AT });
    expect(await spendingOf(program)).toEqual([]);
  });

  it('follows a purchase up and down; at nothing it is no purchase any more', async () => {
    const program = await createCardProgram(sql);
    const [id, other] = [
      await spend(sql, program, 100, { at: AT }),
      await spend(sql, program, 7, { at: AT }),
    ];
    const after = async (counted: number) => {
      await changeAuthorization(sql, id, { counted_minor: counted });
      return spendingOf(program);
    };
    expect(await after(300)).toEqual(['2026-03-18 bakeries: 307 in 2']);
    expect(await after(40)).toEqual(['2026-03-18 bakeries: 47 in 2']);
    expect(await after(1)).toEqual(['2026-03-18 bakeries: 8 in 2']);
    expect(await after(0)).toEqual(['2026-03-18 bakeries: 7 in 1']);
    expect(await after(5)).toEqual(['2026-03-18 bakeries: 12 in 2']);
    await changeAuthorization(sql, other, { counted_minor: 0 });
    expect(await after(0)).toEqual(['2026-03-18 bakeries: 0 in 0']);
  });

  it('follows a purchase to another day and to another category', async () => {
    const program = await createCardProgram(sql);
    const id = await spend(sql, program, 100, { at: AT });
    await changeAuthorization(sql, id, { anchored_s: AT_S - DAY_S });
    expect(await spendingOf(program)).toEqual([
      '2026-03-17 bakeries: 100 in 1',
      '2026-03-18 bakeries: 0 in 0',
    ]);
    await changeAuthorization(sql, id, { merchant: { category: 'bars' }, counted_minor: 90 });
    expect(await spendingOf(program)).toEqual([
      '2026-03-17 bakeries: 0 in 0',
      '2026-03-17 bars: 90 in 1',
      '2026-03-18 bakeries: 0 in 0',
    ]);
  });

  it('follows a purchase to the card that Stripe moves it to', async () => {
    const first = await createCardProgram(sql);
    const second = await anotherCard(sql, first, 'beside');
    const id = await spend(sql, first, 100, { at: AT });
    const { cardId: card_id, stripeCardId: stripe_card_id } = second;
    await changeAuthorization(sql, id, { card_id, stripe_card_id });
    expect(await rowsOf(first.cardId)).toEqual(['2026-03-18 bakeries: 0 in 0']);
    expect(await rowsOf(second.cardId)).toEqual(['2026-03-18 bakeries: 100 in 1']);
    expect(await rowsOf(first.accountId)).toEqual(['2026-03-18 bakeries: 100 in 1']);
  });

  it('counts a purchase without a merchant in no category, until there is one', async () => {
    const program = await createCardProgram(sql);
    const id = await spend(sql, program, 100, { at: AT });
    await changeAuthorization(sql, id, { merchant: {} });
    expect(await spendingOf(program)).toEqual([
      '2026-03-18 : 100 in 1',
      '2026-03-18 bakeries: 0 in 0',
    ]);
    await changeAuthorization(sql, id, { merchant: { category: 'bars' } });
    expect(await spendingOf(program)).toEqual([
      '2026-03-18 : 0 in 0',
      '2026-03-18 bakeries: 0 in 0',
      '2026-03-18 bars: 100 in 1',
    ]);
  });

  it('of several purchases in one statement is the sum of all', async () => {
    const program = await createCardProgram(sql);
    const ids = [
      await spend(sql, program, 1, { at: AT }),
      await spend(sql, program, 2, { at: AT }),
      await spend(sql, program, 4, { at: AT }),
    ];
    await sql`
      select post_entries(null, (
        select json_agg(to_jsonb(z) || jsonb_build_object('anchored_s', extract(epoch from anchored_at),
                 'counted_minor', z.counted_minor * 10))
          from authorizations z where authorization_id = any (${ids})), null, null)`;
    expect(await spendingOf(program)).toEqual(['2026-03-18 bakeries: 70 in 3']);
  });

  it('is not touched by a change that it does not concern', async () => {
    const program = await createCardProgram(sql);
    const id = await spend(sql, program, 100, { at: AT });
    const before = await sql`select xmin::text from spending where owner_id = ${program.cardId}`;
    await changeAuthorization(sql, id, { flags: ['adopted'], captured_minor: 5 });
    const after = await sql`select xmin::text from spending where owner_id = ${program.cardId}`;
    expect([...after]).toEqual([...before]);
  });

  it('counts what a decision approves, without its surplus, and nothing of a check or a decline', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const purchase = { card: program, amount: 1_000, merchantCurrency: 'eur' };
    const [first] = await ask(
      sql,
      purchase,
      { card: program, amount: 0 },
      { card: program, amount: 90_000 },
    );
    await ask(sql, { ...purchase, amount: 50, of: first?.authorizationId ?? '' });
    const [row, ...more] = await spendingOf(program);
    expect(row).toMatch(/ bakeries: 1050 in 1$/);
    expect(more).toEqual([]);
  });
});

describe('nobody but the authorizations', () => {
  const PERMISSION = /permission denied/;

  it.each([
    ['add to spending', "insert into spending values ('card_1', '2026-03-18', 'bars', 1, 1)"],
    ['change spending', 'update spending set amount_minor = 0 where true'],
    ['forget spending', 'delete from spending where true'],
    ['forget all spending', 'truncate spending'],
    ['call what adds to it', 'select count_spending()'],
    ['call what changes it', 'select recount_spending()'],
  ])('can %s', async (_what, statement) => {
    await expect(sql.unsafe(statement)).rejects.toThrow(PERMISSION);
  });

  it('can make somebody have spent less than nothing', async () => {
    const program = await createCardProgram(sql);
    const id = await spend(sql, program, 100, { at: AT });
    for (const wrong of [{ amount_minor: 99 }, { purchases: 0 }]) {
      await owner`update spending set ${owner(wrong)} where owner_id = ${program.accountId}`;
      const lowered = changeAuthorization(sql, id, { counted_minor: 0 });
      await expect(lowered).rejects.toThrow(
        `${program.accountId} would have spent less than nothing`,
      );
      await owner`
        update spending set amount_minor = 100, purchases = 1 where owner_id = ${program.accountId}`;
    }
    await changeAuthorization(sql, id, { counted_minor: 0 });
    expect(await spendingOf(program)).toEqual(['2026-03-18 bakeries: 0 in 0']);
  });
});
