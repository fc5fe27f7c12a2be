/** What a tenant's own row changes about events that were looked at already. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createTenantStore } from '../../src/adapters/postgres/tenant-store.ts';
import { verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { parseStripeAccountId, parseTenantId } from '../../src/domain/ids.ts';
import { APPLY_ATTEMPTS_MAX } from '../../src/domain/limits.ts';
import { balancesOf, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';
import { applyDue, deliver, rowOf } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-look-again' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** The authorizations that another look was asked for, the newest askings last. */
async function looks(): Promise<readonly unknown[]> {
  const rows = await sql`
    select object_id from inbox where event_id like 'reading:%'
     order by received_at, object_id`;
  return rows.map((row) => row['object_id']);
}

describe('how a tenant reads the amount of a partly captured authorization', () => {
  it('changes what the open ones hold as soon as it is changed', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 10_000 });
    const card = program.stripeCardId;
    const capture = transaction({
      id: 'ipi_part',
      card,
      amount: -2_000,
      authorization: 'iauth_part',
    });
    const view = (amount: number, transactions: readonly object[]) =>
      authorization({
        id: 'iauth_part',
        card,
        amount,
        history: [{ amount: 6_000, approved: true }],
        transactions: transactions.map((listed) => ({ ...listed })),
      });
    await deliver(
      sql,
      program,
      event('issuing_authorization.created', view(6_000, [])),
      event('issuing_transaction.created', capture),
      event('issuing_authorization.updated', view(4_000, [capture]), {
        atS: START_S + 60,
        previous: { amount: 6_000 },
      }),
    );
    const holdAs = async (reading: string) => {
      await sql`update tenants set captured_amount = ${reading} where tenant_id = ${program.tenantId}`;
      expect(await applyDue(sql)).toEqual([]);
      const options = { interpret: interpretEvent, nowS: START_S + 60, differencesMax: 10 };
      expect(await verifyLedger(sql, options)).toMatchObject({ differences: [] });
      return (await balancesOf(sql, program)).held;
    };
    expect((await balancesOf(sql, program)).held).toBe(4_000);
    expect(await holdAs('stays')).toBe(2_000);
    expect(await holdAs('shrinks')).toBe(4_000);
    expect(await looks()).toHaveLength(2);
    expect(await holdAs('shrinks')).toBe(4_000);
    expect(await looks()).toHaveLength(2);
  });

  it('asks for a look at those alone that are open and have captures, or wait for one', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 10_000 });
    const others = await createCardProgram(sql, { fundsMinor: 10_000 });
    const purchase = ({ stripeCardId: card }: CardProgram, id: string, over: object = {}) => [
      event('issuing_authorization.created', authorization({ id, card })),
      event('issuing_authorization.updated', authorization({ id, card, ...over }), {
        atS: START_S + 60,
        previous: {},
      }),
    ];
    const cent = (card: string, id: string) =>
      event(
        'issuing_transaction.created',
        transaction({ id: `ipi_${id}`, card, amount: -1, authorization: id }),
      );
    const card = program.stripeCardId;
    await deliver(
      sql,
      program,
      ...purchase(program, 'iauth_untouched'),
      ...purchase(program, 'iauth_waits', { transactions: ['ipi_by_id'] }),
      ...purchase(program, 'iauth_cent'),
      cent(card, 'iauth_cent'),
      ...purchase(program, 'iauth_closed', { status: 'closed' }),
      cent(card, 'iauth_closed'),
    );
    await deliver(
      sql,
      others,
      ...purchase(others, 'iauth_theirs'),
      cent(others.stripeCardId, 'iauth_theirs'),
    );
    const before = await looks();
    await sql`update tenants set captured_amount = 'stays' where tenant_id = ${program.tenantId}`;
    expect((await looks()).slice(before.length)).toEqual(['iauth_cent', 'iauth_waits']);
  });
});

describe('events of a Stripe account that nobody has registered', () => {
  it('are given up after a day, and are applied once it is registered', async () => {
    const account = 'acct_late';
    const card = 'ic_late';
    const body = event(
      'issuing_transaction.created',
      transaction({ id: 'ipi_late', card, amount: -700 }),
      { id: 'evt_late' },
    );
    const unreadable = { ...body, data: {} };
    for (const [id, owner, payload] of [
      ['evt_broken', account, unreadable],
      ['evt_late', account, body],
      ['evt_stranger', 'acct_stranger', body],
    ] as const) {
      await sql`
        insert into inbox (stripe_account, event_id, source, type, group_key, created, payload, received_at)
        values (${owner}, ${id}, 'webhook', 'issuing_transaction.created', ${card}, ${START_S},
          ${JSON.stringify(payload)}::text, now() - interval '2 days')`;
    }
    await applyDue(sql);
    const items = () =>
      sql<{ subject: string; resolution: string | null }[]>`
        select subject, resolution from attention_items where kind = 'event_not_applied' order by subject`;
    const other = {
      item_id: 'att_other',
      kind: 'transaction_of_unknown_card',
      subject: 'evt_late',
      details: '{}',
    };
    await sql`insert into attention_items ${sql(other)}`;
    // Be it with its last attempt.
    await sql`update inbox set failures = ${APPLY_ATTEMPTS_MAX} where event_id = 'evt_late'`;
    const given = { status: 'attention', reason: `no tenant has the Stripe account ${account}` };
    expect(await rowOf(sql, 'evt_late')).toMatchObject(given);
    expect(await items()).toMatchObject([
      { subject: 'evt_broken', resolution: null },
      { subject: 'evt_late', resolution: null },
      { subject: 'evt_stranger', resolution: null },
    ]);

    await createTenantStore(sql).create({
      id: parseTenantId('ten_late'),
      name: 'Late',
      stripeAccount: parseStripeAccountId(account),
    });
    await applyDue(sql);
    expect(await rowOf(sql, 'evt_late')).toMatchObject({ status: 'applied' });
    expect(await rowOf(sql, 'evt_broken')).toMatchObject({ status: 'attention', attempts: 1 });
    expect(await rowOf(sql, 'evt_stranger')).toMatchObject({ status: 'attention', attempts: 1 });
    expect(await items()).toMatchObject([
      { subject: 'evt_broken', resolution: null },
      { subject: 'evt_late', resolution: 'the tenant is registered now' },
      { subject: 'evt_stranger', resolution: null },
    ]);
    const [untouched] = await sql`
      select closed_at from attention_items where subject = 'evt_late' and kind = ${other.kind}`;
    expect(untouched).toMatchObject({ closed_at: null });
    const [waiting] = await sql`select flags from transactions where transaction_id = 'ipi_late'`;
    expect(waiting).toMatchObject({ flags: ['suspense'] });
  });
});
