/** Rows and groups that cannot be applied, and their neighbours, which must be. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { balancesOf, brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, store, transaction } from '../support/stripe-events.ts';
import { applyDue, deliver, openItems, rowOf, spendingOf, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 8, name: 'test-groups' });
});
afterEach(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const booked = (fields: Parameters<typeof transaction>[0]) =>
  event('issuing_transaction.created', transaction(fields));

describe('a row whose data cannot be applied', () => {
  it('ends with an item, and its neighbours are applied', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const card = program.stripeCardId;
    await deliver(
      sql,
      program,
      booked({ id: 'ipi_twice', card, amount: -100, authorization: 'iauth_a' }),
    );
    const good = booked({ id: 'ipi_before', card, amount: -10, authorization: 'iauth_c' });
    const poison = booked({ id: 'ipi_twice', card, amount: -100, authorization: 'iauth_b' });
    const alsoGood = booked({ id: 'ipi_after', card, amount: -5, authorization: 'iauth_d' });
    await deliver(sql, program, good, poison, alsoGood);
    expect(await rowOf(sql, poison['id'])).toMatchObject({
      status: 'attention',
      reason: 'transaction ipi_twice is booked already, but not here',
    });
    expect(await rowOf(sql, good['id'])).toMatchObject({ status: 'applied' });
    expect(await rowOf(sql, alsoGood['id'])).toMatchObject({ status: 'applied' });
    expect(await balancesOf(sql, program)).toMatchObject({ available: 885, settlement: 115 });
    // The records name authorizations that nobody has shown; that is told of each.
    const unseen = Array(3).fill('cleared_unseen');
    expect(await openItems(sql, program)).toEqual([...unseen, 'event_not_applied']);
  });

  it('ends with an item when it names an authorization of another account, which stays as it was', async () => {
    const program = await createCardProgram(sql);
    const other = await createCardProgram(sql, { fundsMinor: 500 });
    const view = (card: string) =>
      event('issuing_authorization.created', authorization({ id: 'iauth_theirs', card }));
    await deliver(sql, other, view(other.stripeCardId));
    const stolen = view(program.stripeCardId);
    await deliver(
      sql,
      program,
      stolen,
      booked({ id: 'ipi_ok', card: program.stripeCardId, amount: -1 }),
    );
    expect(await rowOf(sql, stolen['id'])).toMatchObject({ status: 'attention' });
    expect(await balancesOf(sql, program)).toMatchObject({ available: -1, settlement: 1 });
  });
});

describe('a row that Postgres refuses', () => {
  it('ends with an item, and its neighbours are applied', async () => {
    const program = await createCardProgram(sql);
    const card = program.stripeCardId;
    // Two of these are more than a balance can be.
    const most = Number.MAX_SAFE_INTEGER;
    const first = booked({ id: 'ipi_most1', card, amount: -most });
    const second = booked({ id: 'ipi_most2', card, amount: -most });
    const small = booked({ id: 'ipi_small', card, amount: 5 });
    await deliver(sql, program, first, second, small);
    expect(await rowOf(sql, first['id'])).toMatchObject({ status: 'applied' });
    expect(await rowOf(sql, second['id'])).toMatchObject({
      status: 'attention',
      reason: expect.stringContaining('cannot be applied'),
    });
    expect(await rowOf(sql, small['id'])).toMatchObject({ status: 'applied' });
    expect(await balancesOf(sql, program)).toMatchObject({ available: 5 - most });
  });
});

describe('a transaction that is seen unlinked and then linked', () => {
  it('becomes part of its purchase, and its item closes', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    await deliver(
      sql,
      program,
      event('issuing_authorization.created', authorization({ id: 'iauth_link', card })),
    );
    await deliver(sql, program, booked({ id: 'ipi_link', card, amount: -1_000 }));
    expect(await openItems(sql, program)).toEqual(['forced_capture']);
    const whole = transaction({
      id: 'ipi_link',
      card,
      amount: -1_000,
      authorization: 'iauth_link',
    });
    await deliver(
      sql,
      program,
      event(
        'issuing_authorization.updated',
        authorization({ id: 'iauth_link', card, status: 'closed', transactions: [whole] }),
        { atS: 1_800_000_100 },
      ),
    );
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 4_000,
      held: 0,
      settlement: 1_000,
    });
    expect(await spendingOf(sql, program)).toMatchObject({ purchases: 1, captures: 1 });
    expect(await openItems(sql, program)).toEqual([]);
  });
});

describe('groups', () => {
  it('step aside while their account is locked, and the others go on', async () => {
    const stuck = await Promise.all([1, 2, 3, 4, 5].map(() => createCardProgram(sql)));
    const free = await createCardProgram(sql, { fundsMinor: 100 });
    const events = stuck.map((p, n) =>
      booked({ id: `ipi_stuck${n}`, card: p.stripeCardId, amount: -1 }),
    );
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = any(${stuck.map((p) => p.accountId)}) for update`;
      for (const [n, p] of stuck.entries()) await store(sql, p.tenantId, events.slice(n, n + 1));
      await deliver(sql, free, booked({ id: 'ipi_free', card: free.stripeCardId, amount: -1 }));
      expect(await balancesOf(sql, free)).toMatchObject({ available: 99 });
      for (const one of events) {
        expect(await rowOf(sql, one['id'])).toMatchObject({ status: 'pending', attempts: 0 });
      }
    });
    await sql`update inbox set next_try_at = now() where status = 'pending'`;
    expect(await applyDue(sql)).toEqual([]);
    for (const one of events)
      expect(await rowOf(sql, one['id'])).toMatchObject({ status: 'applied' });
  });

  it('are looked for beyond those that somebody else is working on', async () => {
    const busy = await Promise.all([1, 2, 3, 4, 5].map(() => createCardProgram(sql)));
    const free = await createCardProgram(sql, { fundsMinor: 100 });
    await sql.begin(async (tx) => {
      for (const p of busy) {
        await tx`select pg_advisory_xact_lock(hashtextextended(${p.stripeCardId}, 7))`;
        await store(sql, p.tenantId, [
          booked({ id: `ipi_${p.cardId}`, card: p.stripeCardId, amount: -1 }),
        ]);
      }
      await deliver(sql, free, booked({ id: 'ipi_beyond', card: free.stripeCardId, amount: -1 }));
      expect(await balancesOf(sql, free)).toMatchObject({ available: 99 });
    });
    await applyDue(sql);
  });

  it('of two tenants touch the books of the card’s own tenant with its own rows only', async () => {
    const owner = await createCardProgram(sql, { fundsMinor: 1_000 });
    const stranger = await createCardProgram(sql);
    const card = owner.stripeCardId;
    const theirs = booked({ id: 'ipi_theirs', card, amount: -300 });
    await store(sql, stranger.tenantId, [theirs]);
    await deliver(sql, owner, booked({ id: 'ipi_own', card, amount: -20 }));
    expect(await balancesOf(sql, owner)).toMatchObject({ available: 980, settlement: 20 });
    expect(await balancesOf(sql, stranger)).toMatchObject({ suspense: -300, settlement: 300 });
    expect(await openItems(sql, stranger)).toEqual(['transaction_of_unknown_card']);
  });
});

describe('a transaction of another currency than the account’s', () => {
  it('is booked against suspense in its own currency, be it listed by a view of the right one', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const card = program.stripeCardId;
    const euro = transaction({
      id: 'ipi_nested',
      card,
      amount: -70,
      authorization: 'iauth_mixed',
      currency: 'eur',
    });
    const view = event(
      'issuing_authorization.created',
      authorization({ id: 'iauth_mixed', card, amount: 0, transactions: [euro] }),
    );
    await deliver(sql, program, view, event('issuing_transaction.created', euro));
    expect(await rowOf(sql, view['id'])).toMatchObject({ status: 'attention' });
    expect(await balancesOf(sql, program)).toMatchObject({ suspense: -70, settlement: 70 });
    const [row] =
      await sql`select captured_minor from authorizations where authorization_id = 'iauth_mixed'`;
    expect(row).toMatchObject({ captured_minor: 0 });
    expect(await openItems(sql, program)).toEqual(['transaction_of_wrong_currency']);
  });
});
