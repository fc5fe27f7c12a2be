/** Requests that the decision function does not decide: their profile is outdated, or they cannot be written. */
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
  type Request,
  requestOf,
  undecided,
  unknownCard,
  versionsOf,
} from '../support/decide-request.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-refusal' });
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
const isKnown = async (request: Request) => {
  const rows = await sql`
    select 1 from authorizations where authorization_id = ${String(request['authorization_id'])}`;
  return rows.length > 0;
};
const rich = () => createCardProgram(sql, { fundsMinor: 5_000 });

describe('a profile that is not the newest', () => {
  it.each(['card', 'account', 'cardholder', 'tenant'])(
    'of the %s is sent back, and nothing is written',
    async (what) => {
      const program = await rich();
      const request = await requestOf(sql, program);
      await sql.unsafe(
        `update ${what}s set version = version + 1 where tenant_id = '${program.tenantId}'`,
      );
      const [answer] = await decide(request);
      const fresh = await requestOf(sql, program);
      expect(answer).toMatchObject({ ...undecided('stale'), profile: expect.anything() });
      expect(answer?.profile).toMatchObject({ cardId: program.cardId });
      expect(versionsOf(answer?.profile)[`${what}_version`]).toBe(2);
      expect(fresh).toMatchObject(versionsOf(answer?.profile));
      expect(await decisionOf(request)).toBeUndefined();
      expect(await isKnown(request)).toBe(false);
      expect(await decide({ ...request, ...versionsOf(answer?.profile) })).toMatchObject([
        { reason: 'APPROVED' },
      ]);
    },
  );

  it('is also that of a card which has another Stripe card than the request, or which has none', async () => {
    const [program, other] = [await rich(), await rich()];
    for (const stripeCardId of [other.stripeCardId, undefined]) {
      const request = await requestOf(sql, program, { stripe_card_id: stripeCardId });
      expect(await decide(request)).toMatchObject([undecided('stale')]);
      expect(await decisionOf(request)).toBeUndefined();
      expect(await isKnown(request)).toBe(false);
    }
    expect(await balancesOf(sql, program)).toMatchObject({ held: 0 });
  });

  it.each(['card', 'account', 'cardholder', 'tenant'])(
    'of the %s is outdated too when its version is missing',
    async (what) => {
      const program = await rich();
      const request = await requestOf(sql, program, { [`${what}_version`]: undefined });
      expect(await decide(request)).toMatchObject([{ outcome: 'stale' }]);
    },
  );

  it('comes along fresh, with the controls of all three and what has changed', async () => {
    const program = await rich();
    const request = await requestOf(sql, program);
    const controls = { blockedCategories: ['bars'] };
    await sql`
      update cards set freezes = '{"operator":"lost bag"}', controls = ${sql.json(controls)}, version = version + 1
       where card_id = ${program.cardId}`;
    const [answer] = await decide(request);
    expect(answer?.profile).toMatchObject({
      isFrozen: true,
      controls: { card: controls, account: {}, tenant: {} },
      versions: { card: 2, account: 1, cardholder: 1, tenant: 1 },
    });
  });

  it('also of a request that the rules decline is sent back: they might not any more', async () => {
    const program = await rich();
    const request = await requestOf(sql, program, {
      card_version: 99,
      rule_reason: 'CARD_FROZEN',
    });
    expect(await decide(request)).toMatchObject([{ outcome: 'stale' }]);
    expect(await decisionOf(request)).toBeUndefined();
  });
});

describe('a request that cannot be written', () => {
  it('fails alone, with the reason, and leaves nothing behind', async () => {
    const program = await rich();
    const bad = await requestOf(sql, program, { decision_id: 'not an id' });
    const answers = await decide(await requestOf(sql, program), bad, await requestOf(sql, program));
    expect(answers).toMatchObject([
      { reason: 'APPROVED' },
      { ...undecided('failed'), error: expect.stringMatching(/decisions_decision_id_check/) },
      { reason: 'APPROVED' },
    ]);
    expect(await decisionOf(bad)).toBeUndefined();
    expect(await isKnown(bad)).toBe(false);
    expect((await balancesOf(sql, program)).held).toBe(2_000);
  });

  it.each([0, 100])('in another currency than its account fails, also one of %d', async (asked) => {
    const program = await rich();
    const foreign = { currency: 'eur', asked_minor: asked, minimum_minor: asked };
    const bad = await requestOf(sql, program, foreign);
    const answers = await decide(bad, await requestOf(sql, program));
    const error = expect.stringMatching(/eur is asked of an account in usd/);
    expect(answers).toMatchObject([{ ...undecided('failed'), error }, { reason: 'APPROVED' }]);
    expect(await decisionOf(bad)).toBeUndefined();
  });

  it.each(['', 'account'])('does not free its neighbours of their limits %s', async (named) => {
    const program = await rich();
    const { accountId } = program;
    const account = named === '' ? {} : { account: accountId };
    const counters = [{ ...account, owner: accountId, span: 'daily', categories: null }];
    const limited = {
      limit_counters: [1],
      limit_amounts: [1_500],
      limit_counts: [null],
      limits: [{ by: 'account', interval: 'daily', amountMinor: 1_500 }],
      counts: [1],
    };
    const requests = [
      await requestOf(sql, program, limited),
      await requestOf(sql, program, { ...limited, decision_id: 'not an id' }),
      await requestOf(sql, program, limited),
    ];
    expect(await askDatabase(sql, requests, counters)).toMatchObject([
      { reason: 'APPROVED' },
      { outcome: 'failed' },
      { reason: 'DAILY_LIMIT_EXCEEDED' },
    ]);
  });

  it('repeats an earlier one with another content: it gets no answer to the other question', async () => {
    const program = await rich();
    const request = await requestOf(sql, program);
    const [first] = await decide(request);
    const others = [
      { authorization_id: 'iauth_another' },
      { asked_minor: 2_000 },
      { currency: 'eur' },
      { stripe_card_id: (await rich()).stripeCardId },
    ];
    for (const other of others) {
      const error = expect.stringMatching(/was decided before, with another content/);
      expect(await decide({ ...request, ...other })).toMatchObject([
        { ...undecided('failed'), error },
      ]);
    }
    expect(await decide(request)).toEqual([first]);
    expect(await balancesOf(sql, program)).toMatchObject({ held: 1_000 });
  });

  it('because its authorization is that of another account fails alone, and moves nothing', async () => {
    const [one, other] = [await rich(), await rich()];
    const theirs = await requestOf(sql, one);
    await decide(theirs);
    const { authorization_id } = theirs;
    const bad = await requestOf(sql, other, { authorization_id });
    const answers = await decide(
      await requestOf(sql, one),
      bad,
      await requestOf(sql, other),
      await unknownCard(sql, other),
      await requestOf(sql, other, { asked_minor: 9_000 }),
    );
    expect(answers).toMatchObject([
      { reason: 'APPROVED' },
      { outcome: 'failed', error: 'an authorization belongs to another account' },
      { reason: 'APPROVED' },
      { reason: 'UNKNOWN_CARD' },
      { reason: 'INSUFFICIENT_FUNDS' },
    ]);
    expect(await decisionOf(bad)).toBeUndefined();
    expect(await balancesOf(sql, one)).toMatchObject({ held: 2_000 });
    expect(await balancesOf(sql, other)).toMatchObject({ held: 1_000 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('for two accounts are about one authorization, fails as the later of a list', async () => {
    const [one, other] = [await rich(), await rich()];
    const first = await requestOf(sql, one);
    const { authorization_id } = first;
    const answers = await decide(
      first,
      await requestOf(sql, one, { authorization_id }),
      await requestOf(sql, other, { authorization_id }),
    );
    expect(answers).toMatchObject([
      { reason: 'APPROVED' },
      { reason: 'APPROVED' },
      { outcome: 'failed', error: 'an authorization belongs to another account' },
    ]);
    expect(await balancesOf(sql, one)).toMatchObject({ held: 2_000 });
    expect(await balancesOf(sql, other)).toMatchObject({ held: 0 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it.each([
    ['an amount below zero', { asked_minor: -5, minimum_minor: -5 }],
    ['a currency that is none', { currency: 'US' }],
    ['no currency at all', { currency: undefined }],
    ['no request id', { request_id: undefined }],
    ['no time', { requested_at: undefined }],
  ])('for it has %s, fails alone', async (_what, over) => {
    const program: CardProgram = await rich();
    const bad = await requestOf(sql, program, over);
    expect(await decide(bad, await requestOf(sql, program))).toMatchObject([
      { outcome: 'failed' },
      { reason: 'APPROVED' },
    ]);
    expect(await balancesOf(sql, program)).toMatchObject({ held: 1_000 });
  });
});
