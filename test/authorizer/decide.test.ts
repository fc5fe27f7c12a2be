import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import type { Controls } from '../../src/domain/controls.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { DecisionStore, Question, Reply } from '../../src/ports/decision-store.ts';
import { questionOf } from '../support/ask-decision.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleRequest } from '../support/sample-request.ts';

let database: TestDatabase;
let sql: Sql;
let store: DecisionStore;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 12, name: 'test-decide' });
  store = createDecisionStore(() => sql, systemClock());
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

async function question(
  program: CardProgram,
  over: Partial<AuthorizationRequest> = {},
): Promise<Question> {
  count += 1;
  const id = count;
  const [tenant] = await sql<{ stripe_account: string | null }[]>`
    select stripe_account from tenants where tenant_id = ${program.tenantId}`;
  const stripeAccount = tenant?.stripe_account ?? null;
  const request = sampleRequest({
    requestId: `evt_${id}`,
    authorizationId: parseAuthorizationId(`iauth_${id}`),
    stripeCardId: program.stripeCardId,
    stripeAccount,
    ...over,
  });
  return questionOf(store, request);
}

async function ask(...questions: readonly Question[]): Promise<readonly Reply[]> {
  return store.decide(questions);
}
const asked = (amount: number) => ({ askedMinor: minorUnits(amount) });
const reasons = (replies: readonly Reply[]) =>
  replies.map((r) => (r.kind === 'decided' ? r.reason : r.kind));

describe('decide', () => {
  it('approves within the funds, holds the amount, and declines what is above them', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_500 });
    const replies = await ask(
      await question(program, asked(1_000)),
      await question(program, asked(501)),
    );
    expect(reasons(replies)).toEqual(['APPROVED', 'INSUFFICIENT_FUNDS']);
    expect(await balancesOf(sql, program)).toMatchObject({ available: 500, held: 1_000 });
  });

  it('counts the credit limit as funds', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100 });
    await sql`update accounts set credit_limit_minor = 400, version = version + 1 where account_id = ${program.accountId}`;
    expect(reasons(await ask(await question(program, asked(500))))).toEqual(['APPROVED']);
    expect(reasons(await ask(await question(program, asked(1))))).toEqual(['INSUFFICIENT_FUNDS']);
  });

  it('never overspends, however many ask at once', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 10_000 });
    const questions = await Promise.all(
      Array.from({ length: 60 }, () => question(program, asked(700))),
    );
    const rounds = await Promise.all(
      questions.map(async (q) => {
        for (;;) {
          const [reply] = await store.decide([q]);
          if (reply?.kind !== 'busy') return reply;
        }
      }),
    );
    const approved = rounds.filter((r) => r?.kind === 'decided' && r.approved);
    expect(approved).toHaveLength(14);
    expect(await balancesOf(sql, program)).toMatchObject({ available: 200, held: 9_800 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('gives the same request the same answer, in one list, later, and after things have changed', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const q = await question(program, asked(900));
    const [first, again] = await ask(q, q);
    await sql`update cards set freezes = '{"operator":"x"}', version = version + 1 where card_id = ${program.cardId}`;
    const [later] = await ask(q);
    expect(again).toEqual(first);
    expect(later).toEqual(first);
    expect(await balancesOf(sql, program)).toMatchObject({ held: 900 });
  });

  it('writes nothing and sends the fresh profile when the card was frozen after the profile was read', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const q = await question(program);
    await sql`update cards set freezes = '{"operator":"lost bag"}', version = version + 1 where card_id = ${program.cardId}`;
    const [reply] = await ask(q);
    expect(reply).toMatchObject({ kind: 'stale', profile: { isFrozen: true } });
    expect(await balancesOf(sql, program)).toMatchObject({ held: 0 });
  });

  it('answers busy while somebody holds the account, and decides the others', async () => {
    const [locked, free] = [
      await createCardProgram(sql, { fundsMinor: 5_000 }),
      await createCardProgram(sql, { fundsMinor: 5_000 }),
    ];
    const questions = [await question(locked), await question(free)];
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${locked.accountId} for update`;
      expect(reasons(await ask(...questions))).toEqual(['busy', 'APPROVED']);
    });
    expect(reasons(await ask(...questions))).toEqual(['APPROVED', 'APPROVED']);
  });

  it('writes nothing once the deadline has passed', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const late = { ...(await question(program)), deadlineMs: Date.now() - 5_000 };
    const onTime = await question(program);
    expect(reasons(await ask(late, onTime))).toEqual(['too_late', 'APPROVED']);
    expect(await balancesOf(sql, program)).toMatchObject({ held: 1_000 });
  });

  it('approves a part where Stripe and the account allow it, never below the cashback', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 600 });
    await sql`update accounts set allow_partial = true, version = version + 1 where account_id = ${program.accountId}`;
    const controllable = { isAmountControllable: true };
    const cashback = { ...controllable, cashbackMinor: minorUnits(601) };
    const replies = await ask(
      await question(program, { ...asked(1_000), ...cashback }),
      await question(program, { ...asked(1_000), ...controllable }),
    );
    expect(replies).toMatchObject([
      { reason: 'INSUFFICIENT_FUNDS' },
      { reason: 'APPROVED_PARTLY', approvedMinor: 600 },
    ]);
    expect(await balancesOf(sql, program)).toMatchObject({ available: 0, held: 600 });
  });

  it('holds a margin on foreign currency, rounded up, and fits a part into what is there', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    await sql`update accounts set allow_partial = true, version = version + 1 where account_id = ${program.accountId}`;
    await ask(await question(program, { ...asked(101), merchantCurrency: 'eur' }));
    expect(await balancesOf(sql, program)).toMatchObject({ held: 105 });
    const rest = { ...asked(2_000), merchantCurrency: 'eur', isAmountControllable: true };
    expect(await ask(await question(program, rest))).toMatchObject([
      { reason: 'APPROVED_PARTLY', approvedMinor: 868 },
    ]);
    expect((await balancesOf(sql, program)).available).toBeGreaterThanOrEqual(0);
  });

  it('holds nothing for a zero-amount check', async () => {
    const program = await createCardProgram(sql);
    expect(reasons(await ask(await question(program, asked(0))))).toEqual(['ACCOUNT_CHECK']);
    expect(await balancesOf(sql, program)).toMatchObject({ held: 0 });
  });

  it('adds an increment to the hold of its authorization', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const authorizationId = parseAuthorizationId('iauth_incremented');
    await ask(await question(program, { ...asked(1_000), authorizationId }));
    await ask(await question(program, { ...asked(250), authorizationId }));
    const rows =
      await sql`select held_minor from authorizations where authorization_id = ${authorizationId}`;
    expect(rows).toMatchObject([{ held_minor: 1_250 }]);
  });

  it('keeps velocity limits exact, also for requests in one list, and names the numbers', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100_000 });
    const controls: Controls = {
      limits: [
        { amountMinor: minorUnits(900), interval: 'per_authorization' },
        { amountMinor: minorUnits(1_500), interval: 'daily' },
      ],
    };
    await sql`update cards set controls = ${JSON.stringify(controls)}::text::jsonb, version = version + 1
      where card_id = ${program.cardId}`;
    const questions = [901, 800, 800, 700].map((amount) => question(program, asked(amount)));
    const replies = await ask(...(await Promise.all(questions)));
    expect(reasons(replies)).toEqual([
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
      'APPROVED',
      'DAILY_LIMIT_EXCEEDED',
      'APPROVED',
    ]);
    const [row] = await sql<{ explanation: unknown }[]>`
      select explanation from decisions where card_id = ${program.cardId} and asked_minor = 800 and not approved`;
    expect(row?.explanation).toMatchObject({
      limit: { by: 'card', interval: 'daily', amountMinor: 1_500, spentMinor: 800, spentCount: 1 },
    });
  });

  it('counts earlier increments of the same authorization towards a limit per authorization', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100_000 });
    const controls: Controls = {
      limits: [{ amountMinor: minorUnits(1_000), interval: 'per_authorization' }],
    };
    await sql`update cards set controls = ${JSON.stringify(controls)}::text::jsonb, version = version + 1
      where card_id = ${program.cardId}`;
    const authorizationId = parseAuthorizationId('iauth_in_parts');
    const first = await question(program, { ...asked(900), authorizationId });
    const increment = await question(program, { ...asked(101), authorizationId });
    expect(reasons(await ask(first, increment))).toEqual([
      'APPROVED',
      'PER_AUTHORIZATION_LIMIT_EXCEEDED',
    ]);
  });

  it('never waits for another call that asks the same of an unknown card', async () => {
    const program = await createCardProgram(sql);
    const unknown = await question(program, { stripeCardId: sampleRequest().stripeCardId });
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${`${unknown.request.stripeAccount ?? ''}/${unknown.request.requestId}`}, 11))`;
      expect(reasons(await ask(unknown))).toEqual(['busy']);
    });
    expect(reasons(await ask(unknown))).toEqual(['UNKNOWN_CARD']);
  });

  it('records a decline by rule, and a request for a card nobody knows', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000, phase: 'winding_down' });
    const unknown = await question(program, { stripeCardId: sampleRequest().stripeCardId });
    const replies = await ask(await question(program), unknown, unknown);
    expect(reasons(replies)).toEqual(['CARD_NOT_ACTIVE', 'UNKNOWN_CARD', 'UNKNOWN_CARD']);
    const rows = await sql`select reason from decisions where tenant_id = ${program.tenantId}`;
    expect(rows).toHaveLength(2);
  });

  it('decides on a merchant whose name Postgres could not keep', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const merchant = { ...sampleRequest().merchant, name: 'Caf\u0000 \ud800' };
    expect(reasons(await ask(await question(program, { merchant })))).toEqual(['APPROVED']);
  });

  it('does not let one bad request fail its neighbours', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const bad = await question(program);
    const broken = { ...bad, request: { ...bad.request, askedMinor: minorUnits(-5) } };
    expect(reasons(await ask(broken, await question(program)))).toEqual(['failed', 'APPROVED']);
  });
});
