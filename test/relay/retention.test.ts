/** What is old goes by whole months, unless something in a month is open; nothing young goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createPreparation, createRetentionRound } from '../../src/apps/relay/retention.ts';
import { createRetentionMetrics } from '../../src/apps/relay/retention-metrics.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics, type MetricsRegistry } from '../../src/platform/metrics.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const KEPT_DAYS = 65;
let database: TestDatabase;
let sql: Sql;
let owner: Sql;
let registry: MetricsRegistry;
let nowMs = 0;
let prepare: () => Promise<boolean>;
let round: () => Promise<boolean>;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-retention' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-retention-owner' });
  registry = createMetrics('relay');
  const clock = { nowMs: () => nowMs };
  prepare = createPreparation({ sql, clock });
  round = createRetentionRound({
    sql,
    clock,
    logger: createLogger({ name: 'relay', level: 'silent' }),
    metrics: createRetentionMetrics(registry),
    keptDays: KEPT_DAYS,
  });
});
afterEach(async () => {
  await Promise.all([sql.end(), owner.end()]);
  await database.drop();
});

const at = (text: string): number => Date.parse(`${text}Z`);
async function runAt(text: string): Promise<boolean> {
  nowMs = at(text);
  await prepare();
  return round();
}

async function store(eventId: string, time: string, status = 'applied'): Promise<void> {
  const settled = status === 'pending' ? null : new Date(at(time));
  await sql`
    insert into inbox (event_id, source, type, object_id, group_key, created, payload, received_at, status, reason,
                       settled_at)
    values (${eventId}, 'webhook', 'issuing_card.updated', 'ic_1', 'ic_1', ${at(time) / 1000}, '{}',
            ${new Date(at(time))}, ${status}, ${status === 'attention' ? 'unreadable' : null}, ${settled})`;
}
const months = async (): Promise<readonly string[]> => {
  const rows = await sql<{ part: string }[]>`
    select inhrelid::regclass::text as part from pg_inherits
     where inhparent = 'inbox'::regclass and inhrelid::regclass::text like 'inbox_203%' order by 1`;
  return rows.map(({ part }) => part.replace('inbox_', ''));
};
const events = async (): Promise<readonly string[]> => {
  const rows = await sql<{ id: string }[]>`select event_id as id from inbox order by created`;
  return rows.map(({ id }) => id);
};
const metric = async (name: string): Promise<string | undefined> =>
  new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await registry.metrics())?.[1];
const overdue = async (reason: string): Promise<string | undefined> =>
  new RegExp(`overdue\\{reason="${reason}"[^}]*\\} (\\d+)`).exec(await registry.metrics())?.[1];

describe('the months of the inbox', () => {
  it('are prepared one ahead, with what came before its month was there', async () => {
    await store('evt_early', '2031-02-03T00:00:00');
    await runAt('2031-01-31T23:00:00');
    expect(await months()).toEqual(['2031_01', '2031_02']);
    await runAt('2031-02-01T00:00:00');
    expect(await months()).toEqual(['2031_01', '2031_02', '2031_03']);
    const [row] = await sql<{ part: string }[]>`
      select tableoid::regclass::text as part from inbox where event_id = 'evt_early'`;
    expect(row?.part).toBe('inbox_2031_02');
  });

  it('are prepared while events of theirs keep coming', async () => {
    const other = await sql.reserve();
    await other`begin`;
    await other`
      insert into inbox (event_id, source, type, group_key, created, payload)
      values ('evt_early', 'webhook', 'x', 'ic_1', ${at('2031-01-03T00:00:00') / 1000}, '{}')`;
    nowMs = at('2031-01-15T00:00:00');
    // It waits for what it cannot see yet, rather than to move what it sees and fail for the rest.
    await owner`alter function prepare_inbox(timestamptz) set lock_timeout = '10s'`;
    const preparing = prepare();
    await eventually(async () => {
      const rows = await owner`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length === 1;
    });
    await other`commit`;
    other.release();
    await preparing;
    expect(await months()).toEqual(['2031_01', '2031_02']);
  });

  it('stay outside when too much came before their part, and the next ones do not', async () => {
    await sql`
      insert into inbox (event_id, source, type, group_key, created, payload, status, settled_at)
      select 'evt_' || n, 'webhook', 'x', 'ic_1', ${at('2031-01-03T00:00:00') / 1000}, '{}', 'applied', now()
        from generate_series(1, 10001) n`;
    await runAt('2031-01-15T00:00:00');
    expect(await months()).toEqual(['2031_02']);
    await runAt('2031-02-15T00:00:00');
    expect(await months()).toEqual(['2031_02', '2031_03']);
  });

  it('are not read through to see whether something in them is open', async () => {
    await runAt('2031-01-15T00:00:00');
    await sql`
      insert into inbox (event_id, source, type, group_key, created, payload, status, settled_at, reason)
      select 'evt_' || n, 'webhook', 'x', 'ic_1', ${at('2031-01-03T00:00:00') / 1000}, '{}',
             case when n = 5000 then 'attention' else 'applied' end, now(), 'odd'
        from generate_series(1, 10000) n`;
    await sql`insert into attention_items (item_id, kind, subject) values ('att_1', 'event_not_applied', 'evt_5000')`;
    await owner`vacuum analyze inbox_2031_01`;
    const looks = await sql.begin(async (tx) => {
      const count = () =>
        tx<{ whole: number; byIndex: number }[]>`
          select seq_scan as whole, idx_scan as "byIndex" from pg_stat_xact_user_tables where relname = 'inbox_2031_01'`;
      const [before] = await count();
      await tx`select drop_old_events('2031-08-01T00:00:00Z')`;
      const [after] = await count();
      return [before, after];
    });
    expect(await months()).toContain('2031_01');
    expect(looks[1]?.whole).toBe(looks[0]?.whole);
    expect(looks[1]?.byIndex).toBeGreaterThan(looks[0]?.byIndex ?? 0);
  });

  it('go as a whole when their last event is old enough', async () => {
    await runAt('2031-01-15T00:00:00');
    await store('evt_january', '2031-01-31T23:59:59');
    await store('evt_february', '2031-02-01T00:00:00');
    // 65 days after the end of January, less a second.
    await runAt('2031-04-06T23:59:59');
    expect(await events()).toEqual(['evt_january', 'evt_february']);
    await runAt('2031-04-07T00:00:00');
    expect(await events()).toEqual(['evt_february']);
    expect(await months()).toEqual(['2031_02', '2031_04', '2031_05']);
    // With the two months that the migration has prepared.
    expect(await metric('issuing_inbox_months_dropped_total')).toBe('3');
    expect(await metric('issuing_retention_ran_timestamp_seconds')).toBe(
      String(at('2031-04-07T00:00:00') / 1000),
    );
  });

  it('stay while a row waits in them', async () => {
    await runAt('2031-01-15T00:00:00');
    await store('evt_waits', '2031-01-16T00:00:00', 'pending');
    await runAt('2031-08-01T00:00:00');
    expect(await events()).toEqual(['evt_waits']);
    expect(await overdue('pending')).toBe('1');
    await sql`update inbox set status = 'ignored', reason = 'no use', settled_at = now()`;
    await runAt('2031-08-01T01:00:00');
    expect(await events()).toEqual([]);
    expect(await overdue('pending')).toBe('0');
  });

  it('stay while a person is still to look at one of their events', async () => {
    await runAt('2031-01-15T00:00:00');
    await store('evt_odd', '2031-01-16T00:00:00', 'attention');
    await sql`
      insert into attention_items (item_id, kind, subject) values ('att_1', 'event_not_applied', 'evt_odd')`;
    await runAt('2031-08-01T00:00:00');
    expect(await events()).toEqual(['evt_odd']);
    expect(await overdue('attention')).toBe('1');
    await sql`update attention_items set closed_at = now(), resolution = 'looked at'`;
    await runAt('2031-08-01T01:00:00');
    expect(await events()).toEqual([]);
  });

  it('stay while somebody reads them, and nobody waits for that', async () => {
    await runAt('2031-01-15T00:00:00');
    await store('evt_read', '2031-01-16T00:00:00');
    nowMs = at('2031-08-01T00:00:00');
    await owner.begin(async (tx) => {
      await tx`select from inbox`;
      await expect(prepare()).rejects.toThrow('lock timeout');
      await round();
      expect(await overdue('busy')).toMatch(/[1-9]/);
      // Whoever stores or applies meanwhile has waited for a moment at most.
      await store('evt_meanwhile', '2031-02-01T00:00:00');
    });
    await runAt('2031-08-01T01:00:00');
    expect(await events()).not.toContain('evt_read');
    expect(await months()).toContain('2031_09');
  });
});

describe('rows beside the months', () => {
  it('go when they have been here long enough, unless they are open', async () => {
    await store('evt_old', '2029-01-01T00:00:00');
    await store('evt_old_waits', '2029-01-01T00:00:01', 'pending');
    await store('evt_young', '2030-12-31T00:00:00');
    await runAt('2031-01-15T00:00:00');
    expect(await events()).toEqual(['evt_old_waits', 'evt_young']);
  });

  it('of answers go too: those of the API after a month, those of the authorizer with the events', async () => {
    for (const [key, time] of [
      ['old', '2030-12-15T00:00:00'],
      ['young', '2030-12-17T00:00:00'],
    ] as const) {
      await sql`
        insert into idempotency_keys (caller, key, request_hash, status, body, created_at)
        values ('api', ${key}, 'x', 201, '{}', ${new Date(at(time))})`;
    }
    await owner`
      insert into answer_batches (span, answers)
      values ('[2030-11-10 00:00+00,2030-11-10 00:01+00)', '[]'), ('[2030-11-12 00:00+00,2030-11-12 00:01+00)', '[]')`;
    await runAt('2031-01-15T12:00:00');
    expect(await sql`select key from idempotency_keys`).toEqual([{ key: 'young' }]);
    expect(await sql`select lower(span)::date::text as day from answer_batches`).toEqual([
      { day: '2030-11-12' },
    ]);
  });

  it('go some at a time', async () => {
    await sql`
      insert into idempotency_keys (caller, key, request_hash, created_at)
      select 'api', n::text, 'x', '2030-01-01' from generate_series(1, 5001) n`;
    expect(await runAt('2031-01-15T00:00:00')).toBe(true);
    expect(await runAt('2031-01-15T00:00:00')).toBe(false);
    expect(await sql`select from idempotency_keys`).toHaveLength(0);
  });
});

it('is not for the processes to hasten', async () => {
  await expect(sql`drop table inbox_other`).rejects.toThrow('must be owner');
  await expect(sql`delete from inbox`).rejects.toThrow('permission denied');
  await expect(sql`delete from answer_batches`).rejects.toThrow('permission denied');
});
