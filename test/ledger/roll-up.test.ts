import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollUpLedger } from '../../src/adapters/postgres/ledger-roll-up.ts';
import { createSql, type Queryable, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createRelayMetrics } from '../../src/apps/relay/relay-metrics.ts';
import { startRollUp } from '../../src/apps/relay/roll-up.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let database: TestDatabase;
let sql: Sql;
let owner: Sql;
let program: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 8, name: 'test-roll-up' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
  program = await createCardProgram(sql, { fundsMinor: 1_000 });
});
afterAll(async () => {
  await sql.end();
  await owner.end();
  await database.drop();
});

/** Books a credit in the transaction of the caller. */
async function post(tx: Queryable, amount: number, to: CardProgram = program): Promise<void> {
  const [entry] = await tx<{ entry_id: number }[]>`
    insert into journal_entries (tenant_id, currency, kind, account_id)
    values (${to.tenantId}, 'usd', 'credit', ${to.accountId}) returning entry_id`;
  await tx`
    insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
    values (${entry?.entry_id ?? 0}, ${to.tenantId}, 'usd', 'funding', 'available', ${amount}, ${to.accountId})`;
}

const postAlone = (amount: number, to?: CardProgram): Promise<void> =>
  sql.begin((tx) => post(tx, amount, to));

/** Something to wait for, and the means to end the wait. */
function gate<T>() {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

interface Available {
  /** By the trial balance. */
  readonly shown: number;
  /** By the postings themselves. */
  readonly summed: number;
  readonly total: number;
}

/** One statement: all three are of one snapshot. */
async function available(tx: Queryable = sql): Promise<Available> {
  const [row] = await tx<Available[]>`
    select (select coalesce(sum(balance_minor), 0)::bigint from trial_balance where kind = 'available') as shown,
           (select coalesce(sum(case when credit = 'available' then amount_minor else -amount_minor end), 0)::bigint
              from postings where 'available' in (debit, credit)) as summed,
           (select coalesce(sum(balance_minor), 0)::bigint from ledger_totals where kind = 'available') as total`;
  if (row === undefined) throw new Error('an aggregate answers one row');
  return { ...row };
}

/** A transaction that has posted and stays open until it is told to commit. */
async function openTransaction(amount: number, to: CardProgram) {
  const opened = gate<void>();
  const told = gate<void>();
  const done = sql.begin(async (tx) => {
    await post(tx, amount, to);
    opened.open();
    await told.passed;
  });
  await Promise.race([opened.passed, done]);
  return {
    async commit() {
      told.open();
      await done;
    },
  };
}

/** A snapshot that stays as it is while others commit. */
async function openSnapshot() {
  const read = gate<Available>();
  const told = gate<void>();
  const done = sql.begin('isolation level repeatable read', async (tx) => {
    read.open(await available(tx));
    await told.passed;
    return available(tx);
  });
  const before = await read.passed;
  return {
    before,
    async readAgain() {
      told.open();
      return done;
    },
  };
}

/** Transactions of other databases of the server hold a roll-up back as well; they are over in a moment. */
async function rollUpAll(): Promise<void> {
  await eventually(async () => (await rollUpLedger(sql)).waiting === 0);
}

describe('the roll-up', () => {
  it('neither skips nor doubles what a transaction posts that stays open across it', async () => {
    await rollUpAll();
    const start = await available();
    // On another account: those of one account wait for its lock, and so for one another.
    const other = await createCardProgram(sql);
    const held = await openTransaction(70, other);
    await postAlone(5);
    const snapshot = await openSnapshot();
    // What is younger than the oldest open transaction has to wait, the committed five among it.
    const { waiting } = await rollUpLedger(sql);
    expect(waiting).toBe(1);
    expect(await available()).toEqual({
      shown: start.shown + 5,
      summed: start.summed + 5,
      total: start.total,
    });
    await postAlone(6);
    await rollUpLedger(sql);
    expect((await available()).shown).toBe(start.shown + 11);

    await held.commit();
    expect((await available()).shown).toBe(start.shown + 81);
    await rollUpAll();
    const end = await available();
    expect(end).toEqual({
      shown: start.shown + 81,
      summed: start.summed + 81,
      total: start.shown + 81,
    });
    // Who began to read before all that still sees the books of then.
    expect(await snapshot.readAgain()).toEqual(snapshot.before);
    expect(snapshot.before.shown).toBe(start.shown + 5);
  });

  it('takes what a rolled-back transaction had posted for nothing', async () => {
    const start = await available();
    const failed = sql.begin(async (tx) => {
      await post(tx, 1_000);
      throw new Error('given up');
    });
    await expect(failed).rejects.toThrow('given up');
    await rollUpAll();
    expect(await available()).toEqual({ ...start, total: start.shown });
  });

  it('shows a transaction what it has posted itself', async () => {
    const before = await available();
    const [inside, outside] = await sql.begin(async (tx) => {
      await post(tx, 8);
      return [await available(tx), await available()];
    });
    expect(inside.shown).toBe(before.shown + 8);
    expect(outside.shown).toBe(before.shown);
  });

  it('is right when several run at once, beside writers and readers', async () => {
    const start = await available();
    const programs = await Promise.all(Array.from({ length: 3 }, () => createCardProgram(sql)));
    const ROUNDS = 20;
    const seen: Available[] = [];
    const write = async (to: CardProgram) => {
      for (let round = 0; round < ROUNDS; round += 1) await postAlone(1, to);
    };
    const roll = async () => {
      for (let round = 0; round < ROUNDS; round += 1) await rollUpLedger(sql);
    };
    const read = async () => {
      for (let round = 0; round < ROUNDS; round += 1) seen.push(await available());
    };
    await Promise.all([...programs.map(write), roll(), roll(), read()]);
    expect(seen.filter((moment) => moment.shown !== moment.summed)).toEqual([]);
    await rollUpAll();
    const all = start.shown + programs.length * ROUNDS;
    expect(await available()).toEqual({ shown: all, summed: all, total: all });
  });

  it('sums from the beginning when it finds itself in another cluster', async () => {
    const start = await available();
    // As after a restore: the ids are another cluster's, above all that this one has given out, but for some below.
    await owner.unsafe(`
      set session_replication_role = replica;
      update postings set written_by = '900000000000' where posting_id % 3 > 0;
      update ledger_roll_up set cluster_id = 1, rolled_up_to = '900000000001';
      set session_replication_role = origin`);
    await postAlone(3);
    // Before the first roll-up here everything is summed at each look.
    expect((await available()).shown).toBe(start.shown + 3);
    const held = await openTransaction(40, await createCardProgram(sql));
    await rollUpLedger(sql);
    await postAlone(4);
    expect((await available()).shown).toBe(start.shown + 7);
    await held.commit();
    await rollUpAll();
    const all = start.shown + 47;
    expect(await available()).toEqual({ shown: all, summed: all, total: all });
    await rollUpLedger(sql);
    expect((await available()).total).toBe(all);
  });

  it('is done by the relay, which tells when', async () => {
    const registry = createMetrics('relay');
    await postAlone(9);
    const errors: unknown[] = [];
    const metrics = createRelayMetrics(registry);
    const loop = startRollUp({ sql, metrics }, (error) => errors.push(error));
    const rolledUpAt = async (): Promise<number> => {
      const [, at] =
        /rolled_up_timestamp_seconds\{[^}]*\} (\S+)/.exec(await registry.metrics()) ?? [];
      return Number(at);
    };
    await eventually(async () => (await rolledUpAt()) > 0);
    await loop.stop();
    expect(errors).toEqual([]);
    expect(Date.now() / 1000 - (await rolledUpAt())).toBeLessThan(30);
    expect(await registry.metrics()).toMatch(/issuing_ledger_postings_waiting\{[^}]*\} \d+/);
  });
});
