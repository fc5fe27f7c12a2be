/** Which answer the decision function gives when: unknown cards, repeats, locks, outdated profiles. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  decide as askDatabase,
  requestOf as makeRequest,
  unknownCard as makeUnknown,
  ONE_HOUR_S,
  type Request,
} from '../support/decide-request.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-answer' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const requestOf = (program: CardProgram, over?: Request) => makeRequest(sql, program, over);
const decide = (...requests: readonly Request[]) => askDatabase(sql, requests);
const unknownCard = (program: CardProgram, over?: Request) => makeUnknown(sql, program, over);

const decisionOf = async (request: Request) => {
  const [row] =
    await sql`select * from decisions where request_id = ${String(request['requestId'])}`;
  return row;
};
const isKnown = async (request: Request) => {
  const rows = await sql`
    select 1 from authorizations where authorization_id = ${String(request['authorizationId'])}`;
  return rows.length > 0;
};

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
    });
    expect(await decisionOf(requests[1])).toMatchObject({ tenant_id: other.tenantId });
  });

  it('may leave out the versions of a profile that there is not', async () => {
    const program = await createCardProgram(sql);
    const request = await unknownCard(program, { versions: undefined });
    expect(await decide(request)).toMatchObject([{ reason: 'UNKNOWN_CARD' }]);
    expect((await decisionOf(request))?.['versions']).toEqual({});
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
    expect(await isKnown(bad)).toBe(false);
    expect((await balancesOf(sql, program)).held).toBe(1_000);
  });
});
