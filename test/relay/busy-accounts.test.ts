/** Accounts that somebody else has locked, and rows that another worker is about to write something about. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  arrivalClock,
  authorization,
  event,
  store,
  transaction,
} from '../support/stripe-events.ts';
import { applyDue, openItems, rowOf, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 8, name: 'test-busy' });
});
afterEach(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** One round, as the relay makes one after the other. */
const applyOnce = () =>
  applyInbox(sql, {
    interpret: interpretEvent,
    clock: arrivalClock,
    lanesMax: 4,
    onError: (_group, error) => {
      throw error;
    },
  });

const made = (id: string, card: string) =>
  event('issuing_authorization.created', authorization({ id, card, amount: 1 }));

/** More cards of the program's account, and an event of each, which are groups of their own. */
async function manyCards(program: CardProgram, count: number): Promise<void> {
  const { tenantId, cardId, cardholderId, accountId, stripeCardId } = program;
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    select ${tenantId}, ${cardId} || n, ${cardholderId}, ${accountId}, 'virtual', 'usd', 'active', ${stripeCardId} || n
      from generate_series(1, ${count}::int) n`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    select ${tenantId}, ${stripeCardId} || n, ${cardId} || n, 1, 'active', '4242', 12, 2030
      from generate_series(1, ${count}::int) n`;
  const events = Array.from({ length: count }, (_, index) =>
    made(`iauth_${stripeCardId}${index}`, `${stripeCardId}${index + 1}`),
  );
  await store(sql, tenantId, events);
}

const statusesOf = async ({ tenantId }: CardProgram) => {
  const rows = await sql<{ status: string; attempts: number; rows: number }[]>`
    select status, attempts, count(*) as rows from inbox where tenant_id = ${tenantId} group by 1, 2`;
  return rows.map(({ status, attempts, rows: count }) => [status, attempts, count]);
};

/** What was postponed need not be waited for. */
const makeDue = () => sql`update inbox set next_try_at = now() where status = 'pending'`;

describe('an account that is locked by somebody else', () => {
  it.each([49, 60])('is waited for once, and its %i groups step aside', async (count) => {
    const [busy, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    await manyCards(busy, count);
    await store(sql, other.tenantId, [made(`iauth_other${count}`, other.stripeCardId)]);
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${busy.accountId} for update`;
      expect(await applyOnce()).toMatchObject({ applied: 1 });
      expect(await statusesOf(other)).toEqual([['applied', 1, 1]]);
      expect(await statusesOf(busy)).toEqual([['pending', 0, count]]);
      // They have been put off, so nothing of them is due.
      expect(await applyOnce()).toMatchObject({ applied: 0 });
    });
    await makeDue();
    expect(await applyDue(sql)).toEqual([]);
    expect(await statusesOf(busy)).toEqual([['applied', 1, count]]);
  });

  it('with enough groups for a batch of its own is left to the relay that has it', async () => {
    const program = await createCardProgram(sql);
    await manyCards(program, 60);
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${program.accountId}, 13))`;
      expect(await applyOnce()).toMatchObject({ applied: 0 });
    });
    expect(await applyDue(sql)).toEqual([]);
    expect(await statusesOf(program)).toEqual([['applied', 1, 60]]);
  });
});

const captured = (id: string, card: string, named: string | null) =>
  event(
    'issuing_transaction.created',
    transaction({ id, card, amount: -1_000, authorization: named }),
  );

describe('the record of an unknown card and the view of its authorization', () => {
  const viewOf = (id: string, card: string, listed: readonly string[]) =>
    event(
      'issuing_authorization.updated',
      authorization({ id, card, status: 'closed', transactions: listed }),
    );

  // They lock no account in common: without this lock neither would see what the other is about to write.
  it.each([
    [
      'the record that names the authorization',
      'iauth_a',
      () => captured('ipi_a', 'ic_x', 'iauth_a'),
    ],
    ['the record that only a list names', 'ipi_b', () => captured('ipi_b', 'ic_x', null)],
    ['the view', 'iauth_c', (card: string) => viewOf('iauth_c', card, [])],
    ['the view, for what it lists', 'ipi_d', (card: string) => viewOf('iauth_d', card, ['ipi_d'])],
  ])('wait for one another: %s', async (_, name, eventOf) => {
    const program = await createCardProgram(sql);
    const one = eventOf(program.stripeCardId);
    await store(sql, program.tenantId, [one]);
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${name}, 17))`;
      expect(await applyOnce()).toMatchObject({ applied: 0 });
      expect(await rowOf(sql, one['id'])).toMatchObject({ status: 'pending', attempts: 0 });
    });
    await makeDue();
    expect(await applyDue(sql)).toEqual([]);
    expect(await rowOf(sql, one['id'])).toMatchObject({ status: 'applied' });
  });

  it('holds up no other group of its batch', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const one = captured('ipi_e', program.stripeCardId, 'iauth_e');
    await store(sql, program.tenantId, [one]);
    await store(sql, other.tenantId, [made('iauth_f', other.stripeCardId)]);
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended('iauth_e', 17))`;
      expect(await applyOnce()).toMatchObject({ applied: 1 });
      expect(await statusesOf(other)).toEqual([['applied', 1, 1]]);
      // It has been put off, so that it is not waited for again and again.
      expect(
        await sql`select 1 from inbox where status = 'pending' and next_try_at <= now()`,
      ).toEqual([]);
    });
    await makeDue();
    expect(await applyDue(sql)).toEqual([]);
    expect(await rowOf(sql, one['id'])).toMatchObject({ status: 'applied' });
  });

  it('end alike whichever comes first, though only the view tells of the other', async () => {
    const ends = [];
    for (const first of ['record', 'view']) {
      const program = await createCardProgram(sql, { fundsMinor: 5_000 });
      const record = captured(`ipi_${first}`, `ic_new_${first}`, null);
      const view = viewOf(`iauth_${first}`, program.stripeCardId, [`ipi_${first}`]);
      for (const each of first === 'record' ? [record, view] : [view, record]) {
        await store(sql, program.tenantId, [each]);
        expect(await applyDue(sql)).toEqual([]);
      }
      ends.push({ ...(await balancesOf(sql, program)), items: await openItems(sql, program) });
    }
    expect(ends[0]).toMatchObject({ available: 4_000, held: 0, suspense: 0, items: [] });
    expect(ends[1]).toEqual(ends[0]);
  });
});
