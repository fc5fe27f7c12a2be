/** The decision function itself: what it writes for each answer, and which answer it gives when. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const NOW_S = 1_800_000_000;
const ONE_HOUR_S = 3_600;

let database: TestDatabase;
let sql: Sql;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-record' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

type Request = Readonly<Record<string, unknown>>;
interface Answer {
  readonly outcome: string;
  readonly decisionId: string;
  readonly reason?: string;
  readonly error?: string;
  readonly approvedMinor?: number;
  readonly profile?: unknown;
}

/** A request as the authorizer sends it; `over` changes what a test is about. */
async function requestOf(program: CardProgram, over: Request = {}): Promise<Request> {
  count += 1;
  const id = count;
  const [row] = await sql<{ account: string; profile: { versions: unknown } }[]>`
    select t.stripe_account as account, card_profile(t.stripe_account, ${program.stripeCardId}) as profile
      from tenants t where tenant_id = ${program.tenantId}`;
  return {
    requestId: `evt_${id}`,
    decisionId: `dec_${id}`,
    tenantId: program.tenantId,
    cardId: program.cardId,
    accountId: program.accountId,
    versions: row?.profile.versions,
    stripeAccount: row?.account,
    stripeCardId: program.stripeCardId,
    authorizationId: `iauth_${id}`,
    currency: 'usd',
    askedMinor: 1_000,
    requestedS: NOW_S,
    surplus: { kind: 'none' },
    minimumMinor: over['askedMinor'] ?? 1_000,
    limits: [],
    ruleReason: null,
    explanation: {},
    timings: { queueMs: 2 },
    deadlineS: Date.now() / 1000 + ONE_HOUR_S,
    merchant: { category: 'bakeries' },
    ...over,
  };
}

/** A request for a card that nobody knows, with only the Stripe account that asks. */
async function unknownCard(program: CardProgram, over: Request = {}): Promise<Request> {
  const nobody = { tenantId: null, cardId: null, accountId: null, versions: null };
  return requestOf(program, {
    ...nobody,
    stripeCardId: 'ic_nobody',
    ruleReason: 'UNKNOWN_CARD',
    ...over,
  });
}

async function decide(...requests: readonly Request[]): Promise<readonly Answer[]> {
  const [row] = await sql<{ answers: Answer[] }[]>`
    select decide(${JSON.stringify(requests)}::text::jsonb) as answers`;
  return row?.answers ?? [];
}

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
      requested_at: NOW_S,
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
    for (const set of ["snapshot = '{}'", 'captured_minor = 1', 'refunded_minor = 1']) {
      const own = await program();
      const first = await requestOf(own);
      await decide(first);
      const { authorizationId } = first;
      await sql.unsafe(
        `update authorizations set ${set} where authorization_id = '${String(authorizationId)}'`,
      );
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
          created: NOW_S,
          payload: { authorizationId },
        },
      ]);
    }
  });

  it('asks for nothing where only decisions are known, or where it declines', async () => {
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
    await sql`update authorizations set snapshot = '{}'
      where authorization_id = ${String(first['authorizationId'])}`;
    await decide(other);
    expect(await recheckOf(other)).toEqual([]);
  });
});

describe('a request for an unknown card', () => {
  it('belongs to the tenant whose Stripe account asks', async () => {
    const [program, other] = [await createCardProgram(sql), await createCardProgram(sql)];
    const requests = [await unknownCard(program), await unknownCard(other)] as const;
    expect(await decide(...requests)).toMatchObject([
      { outcome: 'decided', reason: 'UNKNOWN_CARD' },
      { outcome: 'decided', reason: 'UNKNOWN_CARD' },
    ]);
    expect(await decisionOf(requests[0])).toMatchObject({
      tenant_id: program.tenantId,
      account_id: null,
      available_before_minor: null,
      versions: {},
    });
    expect(await decisionOf(requests[1])).toMatchObject({ tenant_id: other.tenantId });
  });

  it("belongs to the platform's tenant when no account is told", async () => {
    const platform = await createCardProgram(sql, { stripeAccount: null });
    const request = await unknownCard(platform, { stripeAccount: null });
    await decide(request);
    expect(await decisionOf(request)).toMatchObject({ tenant_id: platform.tenantId });
  });

  it('of an account that nobody registered is refused with the reason, and its neighbours are answered', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const lost = await unknownCard(program, { stripeAccount: 'acct_nobody' });
    const answers = await decide(lost, await requestOf(program), await unknownCard(program));
    expect(answers).toMatchObject([
      { outcome: 'failed', error: 'no tenant has this Stripe account' },
      { outcome: 'decided', reason: 'APPROVED' },
      { outcome: 'decided', reason: 'UNKNOWN_CARD' },
    ]);
    expect(await decisionOf(lost)).toBeUndefined();
  });

  it('is decided after its deadline as little as any other', async () => {
    const program = await createCardProgram(sql);
    const late = await unknownCard(program, { deadlineS: Date.now() / 1000 - ONE_HOUR_S });
    expect(await decide(late)).toEqual([{ outcome: 'too_late' }]);
  });
});

describe('the same request again', () => {
  it('gets its recorded answer, even late or while the account is locked', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const request = await requestOf(program);
    const [first] = await decide(request);
    const late = { ...request, decisionId: 'dec_again', deadlineS: Date.now() / 1000 - ONE_HOUR_S };
    expect(await decide(late)).toEqual([first]);
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${program.accountId} for update`;
      expect(await decide(late)).toEqual([first]);
    });
  });

  it('is another request when another tenant asks, or when it has another id', async () => {
    const [one, two] = [
      await createCardProgram(sql, { fundsMinor: 5_000 }),
      await createCardProgram(sql, { fundsMinor: 400 }),
    ];
    const request = await requestOf(one);
    const { requestId } = request;
    const answers = await decide(
      request,
      await requestOf(two, { requestId }),
      await requestOf(one),
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
    const [first, second] = [await requestOf(program), await requestOf(program)];
    await sql.begin(async (tx) => {
      await tx`select decide(${JSON.stringify([first])}::text::jsonb)`;
      expect(await decide(second)).toEqual([{ outcome: 'busy' }]);
    });
    expect(await decide(second)).toMatchObject([{ reason: 'INSUFFICIENT_FUNDS' }]);
  });

  it('lets the directory refer to the account meanwhile', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    await sql.begin(async (tx) => {
      // What a new row that refers to the account takes.
      await tx`select 1 from accounts where account_id = ${program.accountId} for key share`;
      expect(await decide(await requestOf(program))).toMatchObject([{ reason: 'APPROVED' }]);
    });
  });

  it('of one account does not keep a list from being decided for the others, in their order', async () => {
    const programs = [
      await createCardProgram(sql, { fundsMinor: 1_000 }),
      await createCardProgram(sql, { fundsMinor: 2_000 }),
      await createCardProgram(sql),
    ] as const;
    const requests = await Promise.all(programs.map((program) => requestOf(program)));
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${programs[1].accountId} for update`;
      expect(await decide(...requests)).toMatchObject([
        { reason: 'APPROVED' },
        { outcome: 'busy' },
        { reason: 'INSUFFICIENT_FUNDS' },
      ]);
    });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('is not waited for by the same request asked twice of an unknown card', async () => {
    const program = await createCardProgram(sql);
    const request = await unknownCard(program);
    await sql.begin(async (tx) => {
      await tx`select decide(${JSON.stringify([request])}::text::jsonb)`;
      expect(await decide(request)).toEqual([{ outcome: 'busy' }]);
      // Another request of the same tenant is another matter.
      expect(await decide(await unknownCard(program))).toMatchObject([{ outcome: 'decided' }]);
    });
    expect(await decide(request)).toMatchObject([{ outcome: 'decided', reason: 'UNKNOWN_CARD' }]);
  });
});

describe('a profile that is not the newest', () => {
  it.each(['cards', 'accounts', 'cardholders', 'tenants'])(
    'of %s is sent back, and nothing is written',
    async (table) => {
      const program = await createCardProgram(sql, { fundsMinor: 5_000 });
      const request = await requestOf(program);
      await sql.unsafe(
        `update ${table} set version = version + 1 where tenant_id = '${program.tenantId}'`,
      );
      const [answer] = await decide(request);
      const fresh = await requestOf(program);
      expect(answer).toMatchObject({
        outcome: 'stale',
        profile: { cardId: program.cardId, versions: fresh['versions'] },
      });
      expect(await decisionOf(request)).toBeUndefined();
      expect(await decide({ ...request, versions: fresh['versions'] })).toMatchObject([
        { reason: 'APPROVED' },
      ]);
    },
  );
});

describe('a request that cannot be written', () => {
  it('fails alone, with the reason, and leaves nothing behind', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const bad = await requestOf(program, { decisionId: 'not an id' });
    const [failed, approved] = await decide(bad, await requestOf(program));
    expect(failed).toMatchObject({ outcome: 'failed' });
    expect(failed?.error).toMatch(/decisions_decision_id_check/);
    expect(approved).toMatchObject({ reason: 'APPROVED' });
    expect(await authorizationOf(bad)).toBeUndefined();
    expect((await balancesOf(sql, program)).held).toBe(1_000);
  });
});
