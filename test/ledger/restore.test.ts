/** What the roll-up makes of a database that was restored into another cluster, whose transaction ids are others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

/** Above all ids that a test server gives out. */
const OLD_CLUSTERS_ID = '900000000000';

let database: TestDatabase;
let owner: Sql;
let program: CardProgram;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-restore' });
  program = await createCardProgram(owner, { fundsMinor: 1_000 });
  // Triggers and foreign keys let the owner write what a restore would bring.
  await owner`set session_replication_role = replica`;
});
afterEach(async () => {
  await owner.end();
  await database.drop();
});

const credit = (amount: number): Promise<unknown> =>
  owner.begin(async (tx) => {
    await tx`set local session_replication_role = origin`;
    const [entry] = await tx<{ entry_id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id)
      values (${program.tenantId}, 'usd', 'credit', ${program.accountId}) returning entry_id`;
    await tx`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${entry?.entry_id ?? 0}, ${program.tenantId}, 'usd', 'funding', 'available', ${amount},
        ${program.accountId})`;
  });

const rollUp = async (): Promise<number | null | undefined> => {
  const [row] = await owner<{ changed: number | null }[]>`select roll_up_ledger() as changed`;
  return row?.changed;
};
const totals = async () =>
  Object.fromEntries(
    (
      await owner<{ kind: string; balance: number }[]>`
        select kind, balance_minor::bigint as balance from ledger_totals where tenant_id = ${program.tenantId}`
    ).map(({ kind, balance }) => [kind, balance]),
  );
const restoredUpTo = async (): Promise<number | undefined> => {
  const [row] = await owner<{ up_to: number }[]>`
    select restored_up_to as up_to from ledger_roll_up`;
  return row?.up_to;
};
/** Other databases of the server hold a roll-up back for a moment while they write. */
const rolledUp = (available: number): Promise<unknown> =>
  eventually(async () => {
    await rollUp();
    return (await totals())['available'] === available;
  });

describe('a roll-up', () => {
  it('answers how many totals it changed', async () => {
    // Nothing, as long as an older transaction of another database is open.
    const answers: unknown[] = [];
    await eventually(async () => {
      const changed = await rollUp();
      answers.push(changed);
      return changed === 2;
    });
    expect(answers.filter((answer) => answer !== 0)).toEqual([2]);
    expect(await rollUp()).toBe(0);
  });

  it('adds to the totals that are there, and does not sum from the beginning', async () => {
    await rolledUp(1_000);
    await owner`update ledger_totals set balance_minor = balance_minor + 7`;
    await credit(30);
    await rolledUp(1_037);
    expect(await totals()).toEqual({ available: 1_037, funding: -1_023 });
  });
});

describe('a restored ledger', () => {
  it('is summed from what came with the restore, and goes on from there', async () => {
    await credit(20);
    await rolledUp(1_020);
    await owner`update ledger_totals set balance_minor = 5`;
    await owner`update postings set written_by = ${OLD_CLUSTERS_ID}::text::xid8`;
    await owner`update ledger_roll_up set cluster_id = 1, rolled_up_to = ${OLD_CLUSTERS_ID}::text::xid8`;
    const [last] = await owner<{ id: number }[]>`select max(posting_id) as id from postings`;
    await credit(3);
    await rolledUp(1_023);
    expect(await totals()).toEqual({ available: 1_023, funding: -1_023 });
    expect(await restoredUpTo()).toBe(last?.id);
  });

  it('whose ids this cluster has given out as well is summed by those', async () => {
    await owner`update ledger_totals set balance_minor = 5`;
    await owner`update ledger_roll_up set cluster_id = 1`;
    await rolledUp(1_000);
    expect(await totals()).toEqual({ available: 1_000, funding: -1_000 });
    expect(await restoredUpTo()).toBe(0);
  });

  it('takes an id that is the next one to be given out for the old cluster’s', async () => {
    const restored = await owner.begin('isolation level repeatable read', async (tx) => {
      await tx`update postings set written_by = pg_snapshot_xmax(pg_current_snapshot())`;
      await tx`select begin_ledger_anew()`;
      const [row] = await tx<{ is_all: boolean }[]>`
        select restored_up_to = (select max(posting_id) from postings) as is_all from ledger_roll_up`;
      return row?.is_all;
    });
    expect(restored).toBe(true);
  });
});
