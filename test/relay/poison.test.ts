/** Rows that fail whoever applies them, or end their process: they are set aside, and hold up nobody. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { suspectLeftBehind } from '../../src/adapters/postgres/apply/leases.ts';
import { applySuspects } from '../../src/adapters/postgres/apply/suspects.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { APPLY_ATTEMPTS_MAX } from '../../src/domain/limits.ts';
import { balancesOf, brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startNode } from '../support/real-process.ts';
import { arrivalClock, event, store, transaction } from '../support/stripe-events.ts';
import { openItems, rowOf, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
let owner: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 8, name: 'test-poison' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-poison-owner' });
  // Errors that tell nothing of the data, and a row that ends the connection of whoever books it.
  await owner.unsafe(`
    create function poison() returns trigger language plpgsql security definer as $$
    begin
      if new.transaction_id like 'ipi_bug%' then raise exception 'a bug' using errcode = 'XX000'; end if;
      if new.transaction_id like 'ipi_ends%' then perform pg_terminate_backend(pg_backend_pid()); end if;
      return new;
    end $$;
    create trigger poison before insert on transactions for each row execute function poison();`);
});
afterEach(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
});
afterAll(async () => {
  // The driver waits for ever for connections that were lost and not needed again.
  await sql.end({ timeout: 1 });
  await owner.end();
  await database.drop();
});

const booked = (id: string, card: string, amount = -1) =>
  event('issuing_transaction.created', transaction({ id, card, amount }));

const options = (errors: unknown[] = []) => ({
  interpret: interpretEvent,
  clock: arrivalClock,
  lanesMax: 4,
  onError: (_group: string, error: unknown) => errors.push(error),
});
const nothing = { applied: 0, ignored: 0, parked: 0, attention: 0 };
const failuresOf = async (one: ReturnType<typeof event>) => {
  const [row] = await sql<{ failures: number }[]>`
    select failures from inbox where event_id = ${String(one['id'])}`;
  return row?.failures;
};
/** What was put off, and what was left behind, need not be waited for. */
async function passTime(): Promise<void> {
  await sql`update inbox set next_try_at = now() where status = 'pending'`;
  await sql`update apply_leases set expires_at = now()`;
}
const leases = () => sql<{ group_keys: string[] }[]>`select group_keys from apply_leases`;

describe('a row whose handling always fails', () => {
  it('is set aside after its attempts, and its group and the others go on meanwhile', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const card = program.stripeCardId;
    const poison = booked('ipi_bug', card);
    const good = booked('ipi_beside', card);
    await store(sql, program.tenantId, [poison, good]);
    await store(sql, other.tenantId, [booked('ipi_other', other.stripeCardId)]);
    expect(await applyInbox(sql, options())).toEqual({ ...nothing, applied: 1 });
    expect(await leases()).toEqual([]);
    expect(await failuresOf(poison)).toBe(1);
    const errors: unknown[] = [];
    expect(await applySuspects(sql, options(errors))).toEqual({ ...nothing, applied: 1 });
    expect(errors).toMatchObject([{ message: 'a bug' }]);
    expect(await rowOf(sql, good['id'])).toMatchObject({ status: 'applied' });
    expect(await rowOf(sql, poison['id'])).toMatchObject({
      status: 'pending',
      reason: 'failed: a bug',
    });
    // It waits for its next try, and what comes after it does not.
    await store(sql, program.tenantId, [booked('ipi_after', card)]);
    expect(await applyInbox(sql, options())).toEqual({ ...nothing, applied: 1 });
    expect(await applySuspects(sql, options())).toEqual(nothing);
    for (let tries = 2; tries < APPLY_ATTEMPTS_MAX; tries += 1) {
      expect(await rowOf(sql, poison['id'])).toMatchObject({ status: 'pending' });
      await passTime();
      await applyInbox(sql, options());
      await applySuspects(sql, options());
    }
    expect(await rowOf(sql, poison['id'])).toMatchObject({
      status: 'attention',
      reason: `handling it failed ${APPLY_ATTEMPTS_MAX} times: a bug`,
    });
    expect(await openItems(sql, program)).toContain('event_not_applied');
    expect(await balancesOf(sql, program)).toMatchObject({ settlement: 2 });
  });

  it('is tried again, with nothing against it, after somebody else had its account locked', async () => {
    const program = await createCardProgram(sql);
    const one = booked('ipi_waits', program.stripeCardId);
    await store(sql, program.tenantId, [one]);
    await sql`update inbox set failures = 3 where event_id = ${String(one['id'])}`;
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${program.accountId} for update`;
      expect(await applySuspects(sql, options())).toEqual(nothing);
    });
    expect(await failuresOf(one)).toBe(3);
    await passTime();
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, applied: 1 });
  });

  it('waits with its last word while somebody else has its group, and keeps no other from being tried', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const spent = booked('ipi_spent', program.stripeCardId);
    const good = booked('ipi_tried', other.stripeCardId);
    await store(sql, program.tenantId, [spent]);
    await store(sql, other.tenantId, [good]);
    await sql`
      update inbox set failures = case event_id when ${String(spent['id'])} then ${APPLY_ATTEMPTS_MAX}::int else 1 end
       where status = 'pending'`;
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${program.stripeCardId}, 7))`;
      expect(await applySuspects(sql, options())).toEqual({ ...nothing, applied: 1 });
    });
    expect(await rowOf(sql, good['id'])).toMatchObject({ status: 'applied' });
    await passTime();
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, attention: 1 });
    expect(await rowOf(sql, spent['id'])).toMatchObject({ status: 'attention' });
  });

  it('keeps no other from being tried when it cannot even be set aside', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const spent = booked('ipi_stays', program.stripeCardId);
    const good = booked('ipi_passes', other.stripeCardId);
    await store(sql, program.tenantId, [spent]);
    await store(sql, other.tenantId, [good]);
    await sql`
      update inbox set failures = case event_id when ${String(spent['id'])} then ${APPLY_ATTEMPTS_MAX}::int else 1 end
       where status = 'pending'`;
    await owner.unsafe(`
      create function no_items() returns trigger language plpgsql as $$
      begin raise exception 'no items today' using errcode = 'XX000'; end $$;
      create trigger no_items before insert on attention_items for each row
        when (new.kind = 'event_not_applied') execute function no_items();`);
    const errors: unknown[] = [];
    expect(await applySuspects(sql, options(errors))).toEqual({ ...nothing, applied: 1 });
    expect(errors).toMatchObject([{ message: 'no items today' }]);
    // Not again at once.
    expect(await applySuspects(sql, options())).toEqual(nothing);
    await owner`drop function no_items cascade`;
    await passTime();
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, attention: 1 });
  });

  it('is set aside too when it ends the connection each time', async () => {
    const program = await createCardProgram(sql);
    const poison = booked('ipi_ends', program.stripeCardId);
    const good = booked('ipi_lives', program.stripeCardId);
    await store(sql, program.tenantId, [poison, good]);
    await expect(applyInbox(sql, options())).rejects.toThrow(/CONNECTION|connection/);
    // Nobody knows what became of the batch, so that its lease stays.
    expect(await leases()).toEqual([{ group_keys: [program.stripeCardId] }]);
    expect(await applyInbox(sql, options())).toEqual(nothing);
    for (let tries = 1; tries < APPLY_ATTEMPTS_MAX; tries += 1) {
      await passTime();
      await expect(applySuspects(sql, options())).rejects.toThrow(/CONNECTION|connection/);
      expect(await failuresOf(poison)).toBe(tries + 1);
    }
    await passTime();
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, applied: 1, attention: 1 });
    expect(await rowOf(sql, poison['id'])).toMatchObject({
      status: 'attention',
      reason: `handling it failed ${APPLY_ATTEMPTS_MAX} times: whoever applied it did not come back`,
    });
    expect(await rowOf(sql, good['id'])).toMatchObject({ status: 'applied' });
  });

  it('is set aside too when it kills the process each time', async () => {
    const program = await createCardProgram(sql);
    const other = await createCardProgram(sql);
    const poison = booked('ipi_kills', program.stripeCardId);
    await store(sql, program.tenantId, [poison, booked('ipi_spared', program.stripeCardId)]);
    await store(sql, other.tenantId, [booked('ipi_besides', other.stripeCardId)]);
    const main = fileURLToPath(new URL('dying-relay.ts', import.meta.url));
    // First with the others of its batch, then by itself. The tries in between would be like the second.
    for (const failures of [1, APPLY_ATTEMPTS_MAX]) {
      const { child } = startNode(['--import', 'tsx', main, database.appUrl], {});
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      await passTime();
      expect(await suspectLeftBehind(sql)).toBe(failures === 1 ? 3 : 0);
      expect(await failuresOf(poison)).toBe(failures);
      if (failures === 1) {
        await sql`
          update inbox set failures = ${APPLY_ATTEMPTS_MAX - 1} where event_id = ${String(poison['id'])}`;
      }
    }
    const { child } = startNode(['--import', 'tsx', main, database.appUrl], {});
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await rowOf(sql, poison['id'])).toMatchObject({ status: 'attention' });
    const [left] = await sql`select count(*) as rows from inbox where status = 'pending'`;
    expect(left).toEqual({ rows: 0 });
    expect(await leases()).toEqual([]);
    expect(await balancesOf(sql, other)).toMatchObject({ settlement: 1 });
  }, 60_000);
});

describe('a lease', () => {
  const leave = (groupKey: string, expires: string) => sql`
    insert into apply_leases (relay, group_keys, expires_at)
    values ('gone', ${[groupKey]}, now() + ${expires}::interval)`;

  it('keeps its groups from others until it expires; then each of its rows is applied by itself', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const events = [1, 2, 3].map((n) => booked(`ipi_left${n}`, program.stripeCardId));
    await store(sql, program.tenantId, events);
    await store(sql, other.tenantId, [booked('ipi_free', other.stripeCardId)]);
    await leave(program.stripeCardId, '1 hour');
    expect(await applyInbox(sql, options())).toEqual({ ...nothing, applied: 1 });
    expect(await applySuspects(sql, options())).toEqual(nothing);
    await passTime();
    const late = booked('ipi_late', program.stripeCardId);
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, applied: 3 });
    for (const one of events) expect(await failuresOf(one)).toBe(2);
    expect(await leases()).toEqual([]);
    // What came later was not part of it.
    await store(sql, program.tenantId, [late]);
    expect(await applyInbox(sql, options())).toEqual({ ...nothing, applied: 1 });
    expect(await failuresOf(late)).toBe(0);
  });

  it('is not taken over while somebody is at work on it, however long that takes', async () => {
    const program = await createCardProgram(sql);
    await store(sql, program.tenantId, [booked('ipi_slow', program.stripeCardId)]);
    await leave(program.stripeCardId, '0');
    await sql.begin(async (tx) => {
      await tx`select 1 from apply_leases for update`;
      expect(await applySuspects(sql, options())).toEqual(nothing);
    });
    expect(await leases()).toHaveLength(1);
    expect(await applySuspects(sql, options())).toEqual({ ...nothing, applied: 1 });
  });
});
