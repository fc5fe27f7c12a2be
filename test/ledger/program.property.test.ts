/**
 * Random programs on Postgres: customers, the API's caller, the network and the relay do what they may do, in any
 * order, and after every step the books are right. PROPERTY_RUNS sets how many programs are run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { program } from '../support/program/steps.ts';
import { createWorld, type Expected, type World } from '../support/program/world.ts';
import { START_S } from '../support/stripe-events.ts';

const RUNS_DEFAULT = 300;
const { PROPERTY_RUNS: wanted } = processEnvironment();
const runs = wanted === undefined ? RUNS_DEFAULT : Number(wanted);
const seed = Number(fc.sample(fc.nat(), 1)[0]);
/** A run takes a tenth of a second; a busy machine may take many times that. */
const TIMEOUT_MS = 60_000 + runs * 1_000;

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  // Plans are kept: one that was made while the tables were small reads them whole for all 20,000 programs.
  const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-program-owner' });
  await owner.unsafe(`alter database ${database.name} set enable_seqscan = off`);
  await owner.end();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-program' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

interface Books {
  readonly broken: readonly string[];
  readonly customers: Readonly<Record<string, number>>;
  readonly balances: Readonly<Record<string, number>>;
}

/** All invariants of one tenant, in one statement and so of one moment. */
async function look(tenantId: string): Promise<Books> {
  const [books] = await sql<[Books]>`
    with account as (
      select a.*, p.*, (select coalesce(sum(z.held_minor), 0) from authorizations z where z.account_id = a.account_id) as holds
        from accounts a cross join lateral (
          select count(*) as count, coalesce(sum(case when credit = 'available' then amount_minor
                   when debit = 'available' then -amount_minor else 0 end), 0) as available,
                 coalesce(sum(case when credit = 'held' then amount_minor
                   when debit = 'held' then -amount_minor else 0 end), 0) as held
            from postings where postings.account_id = a.account_id) p
       where a.tenant_id = ${tenantId}),
    balance as (select * from trial_balance where tenant_id = ${tenantId}),
    broken as (
      select 'balance of ' || account_id as what from account
       where available_minor <> available or held_minor <> held or seq <> count
      union all
      select 'holds of ' || account_id from account where held_minor <> holds
      union all
      select 'hold of ' || z.authorization_id from authorizations z
       where z.account_id in (select account_id from account) and z.held_minor <> (
         select coalesce(sum(case when credit = 'held' then amount_minor else -amount_minor end), 0)
           from postings p where p.authorization_id = z.authorization_id)
      union all
      select 'sum of ' || currency from balance group by currency having sum(balance_minor) <> 0
      union all
      select 'customers in the trial balance' where
        (select coalesce(sum(balance_minor), 0) from balance where kind in ('available', 'held'))
          <> (select sum(available_minor + held_minor) from account)
      union all
      select 'booking of ' || t.transaction_id from transactions t
       where t.tenant_id = ${tenantId} and t.amount_minor > 0 and (
         select count(*) from journal_entries e join postings p using (entry_id)
          where e.transaction_id = t.transaction_id and e.kind = t.type
         having sum(p.amount_minor) = t.amount_minor and count(distinct e.entry_id) = 1) is null)
    select (select coalesce(jsonb_agg(what), '[]') from broken) as broken,
           (select jsonb_object_agg(account_id, available_minor + held_minor) from account) as customers,
           (select coalesce(jsonb_object_agg(kind || ' ' || currency, balance_minor), '{}') from balance) as balances`;
  return books;
}

/** Where the books differ from what was told. */
function unexpected(books: Books, { customers, owed, suspense }: Expected): readonly string[] {
  const compare = (what: string, expected: number, found: number | undefined): readonly string[] =>
    expected === (found ?? 0) ? [] : [`${what}: ${expected} expected, ${found ?? 0} found`];
  return [
    ...[...customers].flatMap(([id, sum]) => compare(id, sum, books.customers[id])),
    ...[...owed].flatMap(([code, sum]) =>
      compare(`owed in ${code}`, sum, books.balances[`network_settlement ${code}`]),
    ),
    ...[...suspense].flatMap(([code, sum]) =>
      compare(`suspense in ${code}`, sum, books.balances[`suspense ${code}`]),
    ),
  ];
}

async function wrongWith(world: World): Promise<readonly string[]> {
  const books = await look(world.tenantId);
  return [...books.broken, ...unexpected(books, world.expected()), ...world.wrong];
}

describe(`random programs (seed ${seed}, ${runs} runs)`, () => {
  const happened = new Map<string, number>();

  it(
    'keep every invariant after every step',
    async () => {
      await fc.assert(
        fc.asyncProperty(program, async (steps) => {
          const world = await createWorld(sql);
          for (const [index, step] of steps.entries()) {
            await world.take(step);
            expect(await wrongWith(world), `after step ${index + 1}`).toEqual([]);
          }
          for (const [what, count] of world.happened) {
            happened.set(what, (happened.get(what) ?? 0) + count);
          }
        }),
        { numRuns: runs, seed },
      );
    },
    TIMEOUT_MS,
  );

  it.skipIf(runs < RUNS_DEFAULT)('have done all that they may do', () => {
    expect([...happened.keys()]).toEqual(
      expect.arrayContaining([
        'command credit',
        'command debit',
        'command transfer',
        'command correction',
        'refused insufficient_funds',
        'refused not_open',
        'refused currency_mismatch',
        'decided APPROVED',
        'decided INSUFFICIENT_FUNDS',
        'status changed',
        'status not_empty',
        'settings changed',
      ]),
    );
  });

  it(
    'leave books that verify',
    async () => {
      const options = { interpret: interpretEvent, nowS: START_S };
      const { differences } = await verifyLedger(sql, { ...options, differencesMax: 10 });
      expect(differences).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
