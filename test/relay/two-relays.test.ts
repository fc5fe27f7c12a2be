/** Two relays over one backlog, whose connections are ended in the middle of their work: all of it is applied, once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { applySuspects } from '../../src/adapters/postgres/apply/suspects.ts';
import { isDatabaseOutage } from '../../src/adapters/postgres/database-outage.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { type Loop, startLoop } from '../../src/apps/relay/loop.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import {
  arrivalClock,
  authorization,
  event,
  store,
  transaction,
} from '../support/stripe-events.ts';
import { openItems, rowOf, wrongBooks } from './relay-inbox.ts';

/** More than a batch takes: the crowded card comes in several. */
const CROWDED_ROWS = 70;
const OTHER_ROWS = 10;
const OTHER_CARDS = 5;
const KILLS = 8;
/** Shorter than the relay's own, so that the two meet often. */
const PAUSE_MS = 20;

let database: TestDatabase;
let sql: Sql;
let owner: Sql;
let relays: readonly Sql[];

beforeAll(async () => {
  database = await createTestDatabase();
  const { appUrl, ownerUrl } = database;
  sql = createSql({ url: appUrl, poolSize: 4, name: 'test-two-relays' });
  owner = createSql({ url: ownerUrl, poolSize: 1, name: 'test-two-relays-owner' });
  relays = ['relay-a', 'relay-b'].map((name) =>
    createSql({ url: appUrl, poolSize: 6, name, reconnectAfterMs: 10 }),
  );
  // The first connection of a pool is as fragile as the driver makes it (lost-connections.ts).
  for (const pool of relays) await pool`select 1`;
});
afterAll(async () => {
  await Promise.all([sql, owner, ...relays].map((pool) => pool.end({ timeout: 1 })));
  await database.drop();
});

/** Captures of 1 and holds of 3 in turn, of one card. */
async function fill({ tenantId, stripeCardId }: CardProgram, rows: number): Promise<void> {
  const events = Array.from({ length: rows }, (_, n) => {
    const name = `${stripeCardId}x${n}`;
    return n % 2 === 0
      ? event(
          'issuing_transaction.created',
          transaction({ id: `ipi_${name}`, card: stripeCardId, amount: -1 }),
        )
      : event(
          'issuing_authorization.created',
          authorization({ id: `iauth_${name}`, card: stripeCardId, amount: 3 }),
        );
  });
  await store(sql, tenantId, events);
}

/** Ends a connection of either relay that is in a transaction; answers how many. */
const killOne = async (): Promise<number> => {
  const killed = await owner`
    select pg_terminate_backend(pid) from (
      select pid from pg_stat_activity
       where datname = current_database() and application_name like 'relay-_' and xact_start is not null
       order by random() limit 1) victim`;
  return killed.length;
};

it('apply every row once, whichever connection ends when', async () => {
  const crowded = await createCardProgram(sql, { fundsMinor: 10_000 });
  const others: CardProgram[] = [];
  for (let n = 0; n < OTHER_CARDS; n += 1) {
    others.push(await createCardProgram(sql, { fundsMinor: 1_000 }));
  }
  // First in its group, and no JSON at all.
  await sql`
    insert into inbox (tenant_id, event_id, source, type, group_key, created, payload)
    values (${crowded.tenantId}, 'evt_noise', 'webhook', 'issuing_transaction.created', ${crowded.stripeCardId}, 1, 'noise')`;
  await fill(crowded, CROWDED_ROWS);
  for (const other of others) await fill(other, OTHER_ROWS);

  const state = { isStopping: false };
  const errors: unknown[] = [];
  const options = {
    interpret: interpretEvent,
    clock: arrivalClock,
    lanesMax: 4,
    isStopping: () => state.isStopping,
    onError: (_group: string, error: unknown) => errors.push(error),
  };
  const loopOf = (work: () => Promise<unknown>): Loop =>
    startLoop({
      pauseMs: PAUSE_MS,
      onError: (error) => isDatabaseOutage(error) || errors.push(error),
      step: async () => (await work(), false),
    });
  const loops = relays.flatMap((pool) => [
    loopOf(() => applyInbox(pool, options)),
    loopOf(() => applySuspects(pool, options)),
  ]);
  let kills = 0;
  await eventually(
    async () => {
      if (kills < KILLS) kills += await killOne();
      // Leases expire at once, under whoever is at work on them as well.
      await sql`update apply_leases set expires_at = now() where expires_at > now()`;
      const [left] = await sql<{ rows: number }[]>`
        select count(*) as rows from inbox where status = 'pending'`;
      const [leases] = await sql<{ rows: number }[]>`select count(*) as rows from apply_leases`;
      return left?.rows === 0 && leases?.rows === 0;
    },
    { timeoutMs: 60_000, everyMs: 10 },
  );
  state.isStopping = true;
  await Promise.all(loops.map((loop) => loop.stop()));

  expect(errors).toEqual([]);
  expect(kills).toBeGreaterThan(3);
  expect(await rowOf(sql, 'evt_noise')).toMatchObject({
    status: 'attention',
    reason: expect.stringContaining('cannot be read'),
  });
  expect(await openItems(sql, crowded)).toContain('event_not_applied');
  const ended = await sql`
    select status, count(*) as rows from inbox where event_id <> 'evt_noise' group by status`;
  expect(ended).toEqual([{ status: 'applied', rows: CROWDED_ROWS + OTHER_CARDS * OTHER_ROWS }]);
  for (const [program, rows, funds] of [
    [crowded, CROWDED_ROWS, 10_000],
    ...others.map((other) => [other, OTHER_ROWS, 1_000] as const),
  ] as const) {
    const half = rows / 2;
    expect(await balancesOf(sql, program)).toMatchObject({
      available: funds - half - 3 * half,
      held: 3 * half,
      settlement: half,
    });
  }
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
}, 90_000);
