/** Which answer the decision function gives when: unknown cards, unreadable requests, repeats, locks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { balancesOf, brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  decide as askDatabase,
  ONE_HOUR_S,
  type Request,
  requestOf,
  undecided,
  unknownCard,
  unreadable,
} from '../support/decide-request.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  // Whatever waits for a lock fails in this database instead, at once: a decision never waits.
  const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
  await owner.unsafe(`alter database ${database.name} set lock_timeout = '1ms'`);
  await owner.end();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-answer' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const decide = (...requests: readonly Request[]) => askDatabase(sql, requests);
const decisionOf = async (request: Request) => {
  const [row] =
    await sql`select * from decisions where request_id = ${String(request['request_id'])}`;
  return row;
};
const lateS = () => Date.now() / 1000 - ONE_HOUR_S;
const rich = () => createCardProgram(sql, { fundsMinor: 5_000 });

describe('a list', () => {
  it('of nothing has no answers', async () => {
    expect(await decide()).toEqual([]);
  });

  it('is answered in its order, whatever becomes of each', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_500 });
    const requests = [
      await requestOf(sql, program, { deadline_s: lateS() }),
      await requestOf(sql, program),
      await requestOf(sql, program, { card_version: 99 }),
      await unknownCard(sql, program, { stripe_account: 'acct_nobody' }),
      await requestOf(sql, program, { rule_reason: 'CARD_FROZEN' }),
      await requestOf(sql, program),
      await requestOf(sql, program, { asked_minor: 500 }),
    ];
    const answers = await decide(...requests);
    expect(answers.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      'too_late',
      'APPROVED',
      'stale',
      'unknown_tenant',
      'CARD_FROZEN',
      'INSUFFICIENT_FUNDS',
      'APPROVED',
    ]);
    const ids = answers.flatMap(({ decisionId }) => (decisionId === null ? [] : [decisionId]));
    expect(ids).toEqual([1, 4, 5, 6].map((place) => requests[place]?.['decision_id']));
  });
});

describe('a request for an unknown card', () => {
  it('belongs to the tenant whose Stripe account asks', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const requests = [await unknownCard(sql, program), await unknownCard(sql, other)] as const;
    expect(await decide(...requests)).toMatchObject([
      { outcome: 'decided', reason: 'UNKNOWN_CARD', approved: false, approvedMinor: 0 },
      { outcome: 'decided', reason: 'UNKNOWN_CARD', approved: false, approvedMinor: 0 },
    ]);
    expect(await decisionOf(requests[0])).toMatchObject({
      tenant_id: program.tenantId,
      account_id: null,
      card_id: null,
      available_before_minor: null,
    });
    expect((await decisionOf(requests[0]))?.['versions']).toEqual({});
    expect(await decisionOf(requests[1])).toMatchObject({ tenant_id: other.tenantId });
  });

  it("belongs to the platform's tenant when no account is told, and only then", async () => {
    const lost = await unknownCard(sql, await createCardProgram(sql), { stripe_account: null });
    expect(await decide(lost)).toEqual([undecided('unknown_tenant')]);
    const platform = await createCardProgram(sql, { stripeAccount: null });
    const request = await unknownCard(sql, platform);
    await decide(request);
    expect(await decisionOf(request)).toMatchObject({ tenant_id: platform.tenantId });
  });

  it('of an account that nobody registered is not recorded, and its neighbours are answered', async () => {
    const program = await rich();
    const lost = await unknownCard(sql, program, { stripe_account: 'acct_nobody' });
    const answers = await decide(
      lost,
      await requestOf(sql, program),
      await unknownCard(sql, program),
    );
    expect(answers).toMatchObject([
      { outcome: 'unknown_tenant' },
      { outcome: 'decided', reason: 'APPROVED' },
      { outcome: 'decided', reason: 'UNKNOWN_CARD' },
    ]);
    expect(await decisionOf(lost)).toBeUndefined();
  });

  it('is decided after its deadline as little as any other', async () => {
    const late = await unknownCard(sql, await createCardProgram(sql), { deadline_s: lateS() });
    expect(await decide(late)).toEqual([undecided('too_late')]);
    expect(await decisionOf(late)).toBeUndefined();
  });
});

describe('a request that cannot be read', () => {
  it('is recorded with what is wrong, though it names nothing', async () => {
    const program = await createCardProgram(sql);
    const request = await unreadable(sql, program);
    expect(await decide(request)).toMatchObject([
      { outcome: 'decided', reason: 'REQUEST_UNREADABLE', approved: false, approvedMinor: 0 },
    ]);
    expect(await decisionOf(request)).toMatchObject({
      tenant_id: program.tenantId,
      authorization_id: null,
      stripe_card_id: null,
      currency: null,
      asked_minor: null,
      approved_minor: 0,
      explanation: { finding: { kind: 'unreadable', problem: 'pending_request is missing' } },
      surplus: { kind: 'none' },
    });
  });

  it('is recorded when its authorization is known and it names no card', async () => {
    const program = await rich();
    const first = await requestOf(sql, program);
    await decide(first);
    const { authorization_id } = first;
    // A view of it was there before, so that a decision would ask for one more look.
    await sql`
      select post_entries(null, (
        select json_agg(to_jsonb(z) || '{"snapshot":[]}' || jsonb_build_object('anchored_s', extract(epoch from anchored_at)))
          from authorizations z where authorization_id = ${String(authorization_id)}), null, null)`;
    const request = await unreadable(sql, program, { authorization_id });
    const neighbour = await requestOf(sql, program);
    expect(await decide(request, neighbour)).toMatchObject([
      { outcome: 'decided', reason: 'REQUEST_UNREADABLE' },
      { outcome: 'decided', reason: 'APPROVED' },
    ]);
    expect(await decisionOf(request)).toMatchObject({ authorization_id, stripe_card_id: null });
  });

  it('is one of several that name nothing, each with an answer of its own', async () => {
    const program = await createCardProgram(sql);
    const requests = [await unreadable(sql, program), await unreadable(sql, program)];
    const answers = await decide(...requests);
    expect(answers.map(({ decisionId }) => decisionId)).toEqual(
      requests.map((request) => request['decision_id']),
    );
  });
});

describe('the same request again', () => {
  const again = (request: Request): Request => ({ ...request, decision_id: 'dec_again' });

  it('gets its recorded answer, even late, with an old profile, or while the account is locked', async () => {
    const program = await rich();
    const request = await requestOf(sql, program);
    const [first] = await decide(request);
    const late = { ...again(request), deadline_s: lateS(), card_version: 99 };
    expect(await decide(late)).toEqual([first]);
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${program.accountId} for update`;
      expect(await decide(late)).toEqual([first]);
    });
  });

  it('gets its first answer within one list, and is decided once', async () => {
    const program = await rich();
    const request = await requestOf(sql, program);
    const answers = await decide(request, again(request), await requestOf(sql, program));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers.map(({ decisionId }) => decisionId)).not.toContain('dec_again');
    expect(await balancesOf(sql, program)).toMatchObject({ held: 2_000 });
  });

  it('is late within one list where its first was late, and so on', async () => {
    const program = await rich();
    const late = await requestOf(sql, program, { deadline_s: lateS() });
    expect(await decide(late, again(late))).toEqual([undecided('too_late'), undecided('too_late')]);
    const stale = await requestOf(sql, program, { account_version: 99 });
    const [first, second] = await decide(stale, again(stale));
    expect(first).toMatchObject({ outcome: 'stale' });
    expect(second).toEqual(first);
  });

  it('as a decline gets the same decline, though there is money by now', async () => {
    const poor = await createCardProgram(sql, { fundsMinor: 999 });
    const request = await requestOf(sql, poor);
    const [first] = await decide(request);
    expect(first).toMatchObject({ reason: 'INSUFFICIENT_FUNDS', approved: false });
    await sql`update accounts set credit_limit_minor = 10000 where account_id = ${poor.accountId}`;
    expect(await decide(again(request))).toEqual([first]);
  });

  it('is another request when another tenant asks, or when it has another id', async () => {
    const [one, two] = [await rich(), await createCardProgram(sql, { fundsMinor: 400 })];
    const request = await requestOf(sql, one);
    const { request_id } = request;
    const answers = await decide(
      request,
      await requestOf(sql, two, { request_id }),
      await requestOf(sql, one),
    );
    expect(answers).toMatchObject([
      { reason: 'APPROVED' },
      { reason: 'INSUFFICIENT_FUNDS' },
      { reason: 'APPROVED' },
    ]);
    expect(new Set(answers.map((answer) => answer.decisionId)).size).toBe(3);
  });
});

describe('the lock of an account', () => {
  it('is kept until the decision is committed: nobody decides on funds that are being spent', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const [first, second] = [await requestOf(sql, program), await requestOf(sql, program)];
    await sql.begin(async (tx) => {
      await askDatabase(tx, [first]);
      expect(await decide(second)).toEqual([undecided('busy')]);
    });
    expect(await decide(second)).toMatchObject([{ reason: 'INSUFFICIENT_FUNDS' }]);
  });

  it('lets the directory refer to the account meanwhile', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    await sql.begin(async (tx) => {
      // What a new row that refers to the account takes.
      await tx`select 1 from accounts where account_id = ${program.accountId} for key share`;
      expect(await decide(await requestOf(sql, program))).toMatchObject([{ reason: 'APPROVED' }]);
    });
  });

  it('of one account does not keep a list from being decided for the others, in their order', async () => {
    const programs = [
      await createCardProgram(sql, { fundsMinor: 1_000 }),
      await createCardProgram(sql, { fundsMinor: 2_000 }),
      await createCardProgram(sql),
    ] as const;
    const requests = await Promise.all(programs.map((program) => requestOf(sql, program)));
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${programs[1].accountId} for update`;
      expect(await decide(...requests)).toMatchObject([
        { reason: 'APPROVED' },
        undecided('busy'),
        { reason: 'INSUFFICIENT_FUNDS' },
      ]);
    });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('is not waited for by the same request asked twice of an unknown card', async () => {
    const program = await createCardProgram(sql);
    for (const request of [await unknownCard(sql, program), await unreadable(sql, program)]) {
      await sql.begin(async (tx) => {
        await askDatabase(tx, [request]);
        expect(await decide(request)).toEqual([undecided('busy')]);
        // Another request of the same tenant is another matter.
        expect(await decide(await unknownCard(sql, program))).toMatchObject([
          { outcome: 'decided' },
        ]);
      });
      expect(await decide(request)).toMatchObject([
        { outcome: 'decided', decisionId: request['decision_id'] },
      ]);
    }
  });

  it('keeps nobody out whose card is locked, or a cardholder, or the tenant', async () => {
    const program = await rich();
    await sql.begin(async (tx) => {
      await tx`select 1 from cards where card_id = ${program.cardId} for update`;
      await tx`select 1 from cardholders where cardholder_id = ${program.cardholderId} for update`;
      await tx`select 1 from tenants where tenant_id = ${program.tenantId} for update`;
      expect(await decide(await requestOf(sql, program))).toMatchObject([{ reason: 'APPROVED' }]);
    });
  });
});
