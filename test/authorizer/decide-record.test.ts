/** What the decision function writes: its record, the hold, and what it asks the relay for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { balancesOf, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { changeAuthorization } from '../support/change-authorization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  decide as askDatabase,
  type Counter,
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
    await sql`select * from decisions where request_id = ${String(request['request_id'])}`;
  return row;
};
const authorizationOf = async (request: Request) => {
  const [row] = await sql`
    select *, anchored_at between now() - interval '1 minute' and now() as is_anchored_now
      from authorizations where authorization_id = ${String(request['authorization_id'])}`;
  return row;
};
const entriesOf = (request: Request) => sql`
  select e.kind, e.account_id, e.decision_id, p.debit, p.credit, p.amount_minor,
         e.effective_at between now() - interval '1 minute' and now() as is_effective_now
    from journal_entries e left join postings p using (entry_id)
   where e.authorization_id = ${String(request['authorization_id'])} order by posting_id`;
const recheckOf = (request: Request) => sql`
  select tenant_id, stripe_account, type, source, object_id, group_key, payload::jsonb as payload, created from inbox
   where event_id = ${`decision:${String(request['decision_id'])}`}`;

describe('an approval', () => {
  it('is recorded with what it was based on', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const surplus = { kind: 'margin', basisPoints: 300 };
    const request = await requestOf(program, { surplus });
    expect(await decide(request)).toEqual([
      {
        outcome: 'decided',
        decisionId: request['decision_id'],
        approved: true,
        reason: 'APPROVED',
        approvedMinor: 1_000,
        profile: null,
        error: null,
      },
    ]);
    expect(await decisionOf(request)).toMatchObject({
      tenant_id: program.tenantId,
      card_id: program.cardId,
      account_id: program.accountId,
      stripe_card_id: program.stripeCardId,
      authorization_id: request['authorization_id'],
      currency: 'usd',
      approved: true,
      asked_minor: 1_000,
      approved_minor: 1_000,
      available_before_minor: 5_000,
      surplus,
      versions: { card: 1, account: 1, cardholder: 1, tenant: 1 },
      explanation: { funds: { creditLimitMinor: 0, neededMinor: 1_030 } },
      timings: { verifiedMs: 2 },
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
        decision_id: request['decision_id'],
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
    const { authorization_id } = first;
    await decide(first, await requestOf(program, { authorization_id, asked_minor: 200 }));
    expect(await authorizationOf(first)).toMatchObject({ held_minor: 1_200, counted_minor: 1_200 });
  });

  it('keeps the merchant of the first request that names one', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const first = await requestOf(program, { merchant: undefined });
    const { authorization_id } = first;
    const named = await requestOf(program, { authorization_id, merchant: { category: 'bars' } });
    const renamed = await requestOf(program, {
      authorization_id,
      merchant: { category: 'florists' },
    });
    await decide(first);
    await decide(named);
    expect(await authorizationOf(first)).toMatchObject({ merchant: { category: 'bars' } });
    await decide(renamed);
    expect(await authorizationOf(first)).toMatchObject({ merchant: { category: 'bars' } });
    const nameless = await requestOf(program, { merchant: undefined });
    await decide(nameless);
    const of = { authorization_id: nameless['authorization_id'], asked_minor: 10 };
    await decide(
      await requestOf(program, { ...of, merchant: { category: 'zoos' } }),
      await requestOf(program, { ...of, merchant: { category: 'bars' } }),
    );
    expect(await authorizationOf(nameless)).toMatchObject({ merchant: { category: 'zoos' } });
  });

  it('of a single cent is held and counted', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1 });
    const request = await requestOf(program, { asked_minor: 1 });
    expect(await decide(request)).toMatchObject([{ reason: 'APPROVED', approvedMinor: 1 }]);
    expect(await authorizationOf(request)).toMatchObject({ held_minor: 1, counted_minor: 1 });
    expect(await balancesOf(sql, program)).toMatchObject({ available: 0, held: 1 });
  });

  it('of a check of the account is known as an authorization and moves nothing', async () => {
    const program = await createCardProgram(sql);
    const request = await requestOf(program, { asked_minor: 0 });
    expect(await decide(request)).toMatchObject([{ reason: 'ACCOUNT_CHECK', approved: true }]);
    expect(await authorizationOf(request)).toMatchObject({ held_minor: 0, counted_minor: 0 });
    expect(await entriesOf(request)).toEqual([]);
  });

  it('takes the credit limit as room, and tells what was available without it', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100 });
    await sql`update accounts set credit_limit_minor = 900, version = version + 1
      where account_id = ${program.accountId}`;
    const [fits, above] = [await requestOf(program), await requestOf(program, { asked_minor: 1 })];
    expect(await decide(fits, above)).toMatchObject([
      { reason: 'APPROVED' },
      { reason: 'INSUFFICIENT_FUNDS' },
    ]);
    expect(await decisionOf(fits)).toMatchObject({
      available_before_minor: 100,
      explanation: { funds: { creditLimitMinor: 900, neededMinor: 1_000 } },
    });
    expect(await decisionOf(above)).toMatchObject({
      available_before_minor: -900,
      explanation: { funds: { creditLimitMinor: 900, neededMinor: 1 } },
    });
  });

  it.each([
    ['one cent above the least', 601, 'APPROVED_PARTLY', 601],
    ['exactly the least', 600, 'APPROVED_PARTLY', 600],
    ['one cent below the least', 599, 'INSUFFICIENT_FUNDS', 0],
  ])('of a part: %s', async (_what, fundsMinor, reason, approvedMinor) => {
    const program = await createCardProgram(sql, { fundsMinor });
    const request = await requestOf(program, { minimum_minor: 600 });
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
    expect(await decide(await requestOf(program, { minimum_minor: 0 }))).toMatchObject([
      { reason },
    ]);
  });
});

describe('a decline', () => {
  it('by rule is recorded with what was found, writes nothing else, and does not look at money', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const finding = { kind: 'phase', phase: 'closed', isCurrentStripeCard: true };
    const request = await requestOf(program, {
      rule_reason: 'CARD_NOT_ACTIVE',
      explanation: { finding },
      surplus: undefined,
      minimum_minor: undefined,
    });
    expect(await decide(request)).toMatchObject([
      { outcome: 'decided', approved: false, reason: 'CARD_NOT_ACTIVE', approvedMinor: 0 },
    ]);
    expect(await decisionOf(request)).toMatchObject({
      approved: false,
      explanation: { finding },
      surplus: { kind: 'none' },
      versions: { card: 1, account: 1, cardholder: 1, tenant: 1 },
      asked_minor: 1_000,
      approved_minor: 0,
      available_before_minor: 5_000,
    });
    expect(await authorizationOf(request)).toBeUndefined();
    expect(await entriesOf(request)).toEqual([]);
  });

  it('by rule without a finding is recorded with nothing but its reason', async () => {
    const program = await createCardProgram(sql);
    const request = await requestOf(program, { rule_reason: 'CARD_FROZEN', explanation: {} });
    await decide(request);
    expect(await decisionOf(request)).toMatchObject({ reason: 'CARD_FROZEN', explanation: {} });
  });

  it('by a limit tells the limit with what counted towards it, and nothing of the money', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const daily: Counter = { owner: program.cardId, span: 'daily', categories: null };
    const told = { by: 'card', interval: 'daily', amountMinor: 1_500, count: 9 };
    const limited = {
      limit_counters: [1],
      limit_amounts: [1_500],
      limit_counts: [9],
      limits: [told],
      counts: [1],
    };
    const [fits, above] = [
      await requestOf(program, limited),
      await requestOf(program, { ...limited, asked_minor: 501 }),
    ];
    expect(await askDatabase(sql, [fits, above], [daily])).toMatchObject([
      { reason: 'APPROVED' },
      { approved: false, reason: 'DAILY_LIMIT_EXCEEDED', approvedMinor: 0 },
    ]);
    expect((await decisionOf(above))?.['explanation']).toEqual({
      limit: { ...told, spentMinor: 1_000, spentCount: 1 },
    });
    expect(await decisionOf(above)).toMatchObject({ available_before_minor: 4_000 });
    expect(await entriesOf(above)).toEqual([]);
  });

  it('by rule is that of the rule, whatever limit would be broken, too', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const daily: Counter = { owner: program.cardId, span: 'daily', categories: null };
    const request = await requestOf(program, {
      rule_reason: 'CARD_FROZEN',
      limit_counters: [1],
      limit_amounts: [0],
      limit_counts: [0],
      limits: [{ by: 'card', interval: 'daily', amountMinor: 0 }],
      counts: [1],
    });
    expect(await askDatabase(sql, [request], [daily])).toMatchObject([{ reason: 'CARD_FROZEN' }]);
    expect((await decisionOf(request))?.['explanation']).toEqual({});
  });

  it('for funds tells the room and what was needed with its surplus, under the lock', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_029 });
    const request = await requestOf(program, { surplus: { kind: 'margin', basisPoints: 300 } });
    await decide(request);
    expect(await decisionOf(request)).toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      approved_minor: 0,
      available_before_minor: 1_029,
      surplus: { kind: 'margin', basisPoints: 300 },
      explanation: { funds: { creditLimitMinor: 0, neededMinor: 1_030 } },
    });
    expect(await authorizationOf(request)).toBeUndefined();
  });

  it('takes no room from the next request', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 600 });
    const [large, small] = [
      await requestOf(program),
      await requestOf(program, { asked_minor: 600 }),
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
      const { authorization_id } = first;
      await changeAuthorization(sql, String(authorization_id), fields);
      const late = await requestOf(own, { authorization_id, asked_minor: 10 });
      await decide(late);
      expect(await recheckOf(late)).toEqual([
        {
          tenant_id: own.tenantId,
          stripe_account: late['stripe_account'],
          source: 'decision',
          type: 'decision.recorded',
          object_id: authorization_id,
          group_key: own.stripeCardId,
          created: REQUESTED_S,
          payload: { authorizationId: authorization_id },
        },
      ]);
    }
  });

  it('asks for it as a decline too, which changes what is to be told', async () => {
    const own = await program();
    const first = await requestOf(own);
    const { authorization_id } = first;
    await decide(first);
    await changeAuthorization(sql, String(authorization_id), { snapshot: {} });
    const declined = await requestOf(own, { authorization_id, rule_reason: 'CARD_FROZEN' });
    await decide(declined);
    expect(await recheckOf(declined)).toMatchObject([{ object_id: authorization_id }]);
    expect(await authorizationOf(first)).toMatchObject({ held_minor: 1_000, counted_minor: 1_000 });
  });

  it('asks for it where a record of it waits in suspense, and not where one is booked', async () => {
    const own = await program();
    const record = async (request: Request, accountId: string | null) => sql`
      insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id,
        stripe_card_id, currency, amount_minor)
      values (${own.tenantId}, ${`ipi_${String(request['request_id'])}`}, 'capture',
        ${String(request['authorization_id'])}, ${accountId}, ${accountId === null ? null : own.cardId},
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
    const { authorization_id } = first;
    const increment = await requestOf(own, { authorization_id, asked_minor: 10 });
    const declined = await requestOf(own, { authorization_id, rule_reason: 'CARD_FROZEN' });
    await decide(first, increment, declined);
    const later = await requestOf(own, { authorization_id, asked_minor: 10 });
    await decide(later);
    for (const request of [first, increment, declined, later])
      expect(await recheckOf(request)).toEqual([]);
  });

  it('is not troubled by a view of another authorization', async () => {
    const own = await program();
    const [first, other] = [await requestOf(own), await requestOf(own)];
    await decide(first);
    await changeAuthorization(sql, String(first['authorization_id']), { snapshot: {} });
    await decide(other);
    expect(await recheckOf(other)).toEqual([]);
  });
});
