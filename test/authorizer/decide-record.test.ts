/** What the decision function writes: its record, the hold, and what it asks the relay for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { balancesOf, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { changeAuthorization } from '../support/change-authorization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  decide as askDatabase,
  requestOf as makeRequest,
  REQUESTED_S,
  type Request,
} from '../support/decide-request.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-record' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const requestOf = (program: CardProgram, over?: Request) => makeRequest(sql, program, over);
const decide = (...requests: readonly Request[]) => askDatabase(sql, requests);
const decisionOf = async (request: Request) => {
  const [row] =
    await sql`select * from decisions where request_id = ${String(request['requestId'])}`;
  return row;
};
const authorizationOf = async (request: Request) => {
  const [row] = await sql`
    select *, anchored_at between now() - interval '1 minute' and now() as is_anchored_now
      from authorizations where authorization_id = ${String(request['authorizationId'])}`;
  return row;
};
const entriesOf = (request: Request) => sql`
  select e.kind, e.account_id, e.decision_id, p.debit, p.credit, p.amount_minor,
         e.effective_at between now() - interval '1 minute' and now() as is_effective_now
    from journal_entries e left join postings p using (entry_id)
   where e.authorization_id = ${String(request['authorizationId'])} order by posting_id`;
const recheckOf = (request: Request) => sql`
  select tenant_id, stripe_account, type, source, object_id, group_key, payload, created from inbox
   where event_id = ${`decision:${String(request['decisionId'])}`}`;

describe('an approval', () => {
  it('is recorded with what it was based on', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const surplus = { kind: 'margin', basisPoints: 300 };
    const request = await requestOf(program, { surplus });
    expect(await decide(request)).toEqual([
      {
        outcome: 'decided',
        decisionId: request['decisionId'],
        approved: true,
        reason: 'APPROVED',
        approvedMinor: 1_000,
      },
    ]);
    expect(await decisionOf(request)).toMatchObject({
      tenant_id: program.tenantId,
      card_id: program.cardId,
      account_id: program.accountId,
      stripe_card_id: program.stripeCardId,
      authorization_id: request['authorizationId'],
      currency: 'usd',
      approved: true,
      asked_minor: 1_000,
      approved_minor: 1_000,
      available_before_minor: 5_000,
      surplus,
      versions: request['versions'],
      explanation: {},
      timings: { queueMs: 2 },
      requested_at: REQUESTED_S,
      confirmed: false,
    });
  });

  it('holds the amount and what comes on top as one entry that names the decision', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const request = await requestOf(program, { surplus: { kind: 'margin', basisPoints: 300 } });
    await decide(request);
    expect(await entriesOf(request)).toEqual([
      {
        kind: 'hold',
        account_id: program.accountId,
        decision_id: request['decisionId'],
        debit: 'available',
        credit: 'held',
        amount_minor: 1_030,
        is_effective_now: true,
      },
    ]);
    expect(await authorizationOf(request)).toMatchObject({
      held_minor: 1_030,
      counted_minor: 1_000,
      is_anchored_now: true,
      merchant: { category: 'bakeries' },
    });
    expect(await balancesOf(sql, program)).toMatchObject({ available: 3_970, held: 1_030 });
  });

  it('of an increment adds to what the authorization holds and counts', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const first = await requestOf(program);
    const { authorizationId } = first;
    await decide(first, await requestOf(program, { authorizationId, askedMinor: 200 }));
    expect(await authorizationOf(first)).toMatchObject({ held_minor: 1_200, counted_minor: 1_200 });
  });

  it('keeps the merchant of the first request that names one', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const first = await requestOf(program, { merchant: undefined });
    const { authorizationId } = first;
    const named = await requestOf(program, { authorizationId, merchant: { category: 'bars' } });
    const renamed = await requestOf(program, {
      authorizationId,
      merchant: { category: 'florists' },
    });
    await decide(first, named);
    expect(await authorizationOf(first)).toMatchObject({ merchant: { category: 'bars' } });
    await decide(renamed);
    expect(await authorizationOf(first)).toMatchObject({ merchant: { category: 'bars' } });
  });

  it('of a single cent is held and counted', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1 });
    const request = await requestOf(program, { askedMinor: 1 });
    expect(await decide(request)).toMatchObject([{ reason: 'APPROVED', approvedMinor: 1 }]);
    expect(await authorizationOf(request)).toMatchObject({ held_minor: 1, counted_minor: 1 });
  });

  it('of a check of the account is known as an authorization and moves nothing', async () => {
    const program = await createCardProgram(sql);
    const request = await requestOf(program, { askedMinor: 0 });
    expect(await decide(request)).toMatchObject([{ reason: 'ACCOUNT_CHECK', approved: true }]);
    expect(await authorizationOf(request)).toMatchObject({ held_minor: 0, counted_minor: 0 });
    expect(await entriesOf(request)).toEqual([]);
  });

  it('takes the credit limit as room, and tells what was available without it', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100 });
    await sql`update accounts set credit_limit_minor = 900, version = version + 1
      where account_id = ${program.accountId}`;
    const [fits, above] = [await requestOf(program), await requestOf(program, { askedMinor: 1 })];
    expect(await decide(fits, above)).toMatchObject([
      { reason: 'APPROVED' },
      { reason: 'INSUFFICIENT_FUNDS' },
    ]);
    expect(await decisionOf(fits)).toMatchObject({ available_before_minor: 100 });
    expect(await decisionOf(above)).toMatchObject({ available_before_minor: -900 });
  });

  it.each([
    ['one cent above the least', 601, 'APPROVED_PARTLY', 601],
    ['exactly the least', 600, 'APPROVED_PARTLY', 600],
    ['one cent below the least', 599, 'INSUFFICIENT_FUNDS', 0],
  ])('of a part: %s', async (_what, fundsMinor, reason, approvedMinor) => {
    const program = await createCardProgram(sql, { fundsMinor });
    const request = await requestOf(program, { minimumMinor: 600 });
    expect(await decide(request)).toMatchObject([{ reason, approvedMinor }]);
    expect(await decisionOf(request)).toMatchObject({ approved_minor: approvedMinor });
    expect((await balancesOf(sql, program)).held).toBe(approvedMinor);
  });

  it.each([
    [1, 'APPROVED_PARTLY'],
    [0, 'INSUFFICIENT_FUNDS'],
  ])('of a part of %i', async (fundsMinor, reason) => {
    const program = await createCardProgram(sql, { fundsMinor });
    // A merchant that takes whatever there is; nothing at all is no approval.
    expect(await decide(await requestOf(program, { minimumMinor: 0 }))).toMatchObject([{ reason }]);
  });
});

describe('a decline', () => {
  it('by rule is recorded with its detail, writes nothing else, and does not look at money', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const explanation = { rule: 'phase closed' };
    const request = await requestOf(program, { ruleReason: 'CARD_NOT_ACTIVE', explanation });
    expect(await decide(request)).toMatchObject([
      { outcome: 'decided', approved: false, reason: 'CARD_NOT_ACTIVE', approvedMinor: 0 },
    ]);
    expect(await decisionOf(request)).toMatchObject({
      approved: false,
      explanation,
      asked_minor: 1_000,
      approved_minor: 0,
      available_before_minor: 5_000,
    });
    expect(await authorizationOf(request)).toBeUndefined();
    expect(await entriesOf(request)).toEqual([]);
  });

  it('by a limit tells the limit beside what was known before', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const limits = [{ interval: 'daily', scope: 'card', amountMinor: 999 }];
    const request = await requestOf(program, { limits, explanation: { note: 'kept' } });
    expect(await decide(request)).toMatchObject([{ reason: 'LIMIT_EXCEEDED', approvedMinor: 0 }]);
    expect((await decisionOf(request))?.['explanation']).toEqual({
      note: 'kept',
      limit: { ...limits[0], spentMinor: 0, askedMinor: 1_000 },
    });
    expect(await entriesOf(request)).toEqual([]);
  });

  it('counts nothing towards the limits of the next request', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 600 });
    const limits = [{ interval: 'daily', scope: 'card', amountMinor: 1_000 }];
    const [large, small] = [
      await requestOf(program, { limits }),
      await requestOf(program, { limits, askedMinor: 600 }),
    ];
    expect(await decide(large, small)).toMatchObject([
      { reason: 'INSUFFICIENT_FUNDS' },
      { reason: 'APPROVED' },
    ]);
  });
});

describe('a request with less in it', () => {
  it('is recorded with nothing instead of failing', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const without = { surplus: undefined, explanation: undefined, timings: undefined };
    const request = await requestOf(program, { ...without, merchant: undefined });
    expect(await decide(request)).toMatchObject([{ reason: 'APPROVED' }]);
    expect(await decisionOf(request)).toMatchObject({
      surplus: { kind: 'none' },
      explanation: {},
      timings: {},
    });
    expect(await authorizationOf(request)).toMatchObject({ merchant: {} });
  });
});

describe('a decision after the event that tells of it', () => {
  const program = () => createCardProgram(sql, { fundsMinor: 5_000 });

  it('asks for convergence once more where a view or a capture or a refund is known', async () => {
    for (const fields of [{ snapshot: {} }, { captured_minor: 1 }, { refunded_minor: 1 }]) {
      const own = await program();
      const first = await requestOf(own);
      await decide(first);
      const { authorizationId } = first;
      await changeAuthorization(sql, String(authorizationId), fields);
      const late = await requestOf(own, { authorizationId, askedMinor: 10 });
      await decide(late);
      expect(await recheckOf(late)).toEqual([
        {
          tenant_id: own.tenantId,
          stripe_account: late['stripeAccount'],
          source: 'decision',
          type: 'decision.recorded',
          object_id: authorizationId,
          group_key: own.stripeCardId,
          created: REQUESTED_S,
          payload: { authorizationId },
        },
      ]);
    }
  });

  it('asks for it as a decline too, which changes what is to be told', async () => {
    const own = await program();
    const first = await requestOf(own);
    const { authorizationId } = first;
    await decide(first);
    await changeAuthorization(sql, String(authorizationId), { snapshot: {} });
    const declined = await requestOf(own, { authorizationId, ruleReason: 'CARD_FROZEN' });
    await decide(declined);
    expect(await recheckOf(declined)).toMatchObject([{ object_id: authorizationId }]);
    expect(await authorizationOf(first)).toMatchObject({ held_minor: 1_000, counted_minor: 1_000 });
  });

  it('asks for it where a record of it waits in suspense, and not where one is booked', async () => {
    const own = await program();
    const record = async (request: Request, accountId: string | null) => sql`
      insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id,
        stripe_card_id, currency, amount_minor)
      values (${own.tenantId}, ${`ipi_${String(request['requestId'])}`}, 'capture',
        ${String(request['authorizationId'])}, ${accountId}, ${accountId === null ? null : own.cardId},
        ${own.stripeCardId}, 'usd', 5)`;
    const [waits, booked] = [await requestOf(own), await requestOf(own)];
    await record(waits, null);
    await record(booked, own.accountId);
    await decide(waits, booked);
    expect(await recheckOf(waits)).toHaveLength(1);
    expect(await recheckOf(booked)).toEqual([]);
  });

  it('asks for nothing where only decisions are known', async () => {
    const own = await program();
    const first = await requestOf(own);
    const { authorizationId } = first;
    const increment = await requestOf(own, { authorizationId, askedMinor: 10 });
    const declined = await requestOf(own, { authorizationId, ruleReason: 'CARD_FROZEN' });
    await decide(first, increment, declined);
    for (const request of [first, increment, declined])
      expect(await recheckOf(request)).toEqual([]);
  });

  it('is not troubled by a view of another authorization', async () => {
    const own = await program();
    const [first, other] = [await requestOf(own), await requestOf(own)];
    await decide(first);
    await changeAuthorization(sql, String(first['authorizationId']), { snapshot: {} });
    await decide(other);
    expect(await recheckOf(other)).toEqual([]);
  });
});
