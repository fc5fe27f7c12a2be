/** Which postings a roll-up takes: their ids and their transactions are bounds, and both sides of each are summed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let owner: Sql;
let program: CardProgram;
let ids: readonly number[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-between' });
  program = await createCardProgram(owner);
  // Three postings of 1, 2 and 4, written by the transactions 100, 200 and 300.
  const posted: number[] = [];
  for (const [amount, writer] of [
    [1, '100'],
    [2, '200'],
    [4, '300'],
  ] as const) {
    posted.push(await credit(amount));
    await owner`set session_replication_role = replica`;
    await owner`update postings set written_by = ${writer}::text::xid8 where posting_id = ${posted.at(-1) ?? 0}`;
    await owner`set session_replication_role = origin`;
  }
  ids = posted;
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const credit = (amount: number): Promise<number> =>
  owner.begin(async (tx) => {
    const [entry] = await tx<{ entry_id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id)
      values (${program.tenantId}, 'usd', 'credit', ${program.accountId}) returning entry_id`;
    const [posting] = await tx<{ posting_id: number }[]>`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${entry?.entry_id ?? 0}, ${program.tenantId}, 'usd', 'funding', 'available', ${amount},
        ${program.accountId}) returning posting_id`;
    return posting?.posting_id ?? 0;
  });

it.each<[string, { after?: number; from: number; to: number }, number]>([
  ['all', { from: 0, to: 1_000 }, 7],
  ['from the first transaction on', { from: 100, to: 1_000 }, 7],
  ['from the one after it on', { from: 101, to: 1_000 }, 6],
  ['before the last transaction', { from: 0, to: 300 }, 3],
  ['up to and with the last transaction', { from: 0, to: 301 }, 7],
  ['of one transaction', { from: 200, to: 201 }, 2],
  ['after the first posting', { after: 0, from: 0, to: 1_000 }, 6],
  ['after the second posting', { after: 1, from: 0, to: 1_000 }, 4],
  ['after the first posting, before the last transaction', { after: 0, from: 0, to: 300 }, 2],
  ['after the first posting, from the last transaction on', { after: 0, from: 300, to: 1_000 }, 4],
])('takes %s', async (_what, { after, from, to }, sum) => {
  const last = after === undefined ? 0 : (ids[after] ?? 0);
  const rows = await owner`
    select tenant_id, currency, kind, balance_minor::bigint as balance
      from postings_between(${last}, ${String(from)}::text::xid8, ${String(to)}::text::xid8) order by kind`;
  const owned = { tenant_id: program.tenantId, currency: 'usd' };
  expect(rows).toEqual([
    { ...owned, kind: 'available', balance: sum },
    { ...owned, kind: 'funding', balance: -sum },
  ]);
});

it('takes nothing where there is nothing', async () => {
  expect(await owner`select * from postings_between(0, '301', '1000')`).toEqual([]);
  expect(await owner`select * from postings_between(${ids.at(-1) ?? 0}, '0', '1000')`).toEqual([]);
});
