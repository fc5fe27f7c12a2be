/** Two authorizers on one database: each request gets one answer, and one account is spent once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { parseAuthorizationId, parseStripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Decided, DecisionStore, Question } from '../../src/ports/decision-store.ts';
import { questionOf } from '../support/ask-decision.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleRequest } from '../support/sample-request.ts';

/** How often the same request is asked of both at once: which of them comes first is up to chance. */
const ROUNDS = 30;

let database: TestDatabase;
let sql: Sql;
let pools: readonly Sql[];
let stores: readonly DecisionStore[];

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-stores' });
  pools = ['one', 'other'].map((name) =>
    createSql({ url: database.appUrl, poolSize: 2, name: `test-${name}` }),
  );
  stores = pools.map((pool) => createDecisionStore(() => pool, systemClock()));
});
afterAll(async () => {
  await Promise.all([sql, ...pools].map((pool) => pool.end()));
  await database.drop();
});

async function requestOf(
  program: CardProgram,
  round: number,
  over: Partial<AuthorizationRequest> = {},
): Promise<AuthorizationRequest> {
  const [tenant] = await sql<{ stripe_account: string }[]>`
    select stripe_account from tenants where tenant_id = ${program.tenantId}`;
  return sampleRequest({
    requestId: `evt_${program.cardId}_${round}`,
    authorizationId: parseAuthorizationId(`iauth_${program.cardId}_${round}`),
    stripeCardId: program.stripeCardId,
    stripeAccount: tenant?.stripe_account ?? null,
    askedMinor: minorUnits(100),
    ...over,
  });
}

/** Asks until somebody else's lock is gone, as the busy lane does. */
async function persistent(store: DecisionStore, question: Question): Promise<Decided> {
  for (;;) {
    const [reply] = await store.decide([question]);
    if (reply?.kind === 'decided') return reply;
    if (reply?.kind !== 'busy') throw new Error(`answered ${reply?.kind}`);
  }
}

/** Asks both at once. */
async function both(request: AuthorizationRequest): Promise<readonly Decided[]> {
  const questions = await Promise.all(stores.map((store) => questionOf(store, request)));
  return Promise.all(
    stores.map((store, place) => {
      const question = questions[place];
      if (question === undefined) throw new Error('each store has a question');
      return persistent(store, question);
    }),
  );
}

const decisionsOf = async ({ tenantId }: CardProgram): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*) from decisions where tenant_id = ${tenantId}`;
  return row?.count ?? 0;
};

describe('the same request asked of two stores at once', () => {
  it('is decided once, and both tell the same', async () => {
    const program = await createCardProgram(sql, { fundsMinor: (ROUNDS * 100) / 2 });
    const reasons = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [one, other] = await both(await requestOf(program, round));
      expect(other).toEqual(one);
      reasons.push(one?.reason);
    }
    expect(reasons.filter((reason) => reason === 'APPROVED')).toHaveLength(ROUNDS / 2);
    expect(await decisionsOf(program)).toBe(ROUNDS);
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 0,
      held: (ROUNDS * 100) / 2,
    });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('is decided once for a card that nobody knows, too', async () => {
    const program = await createCardProgram(sql);
    const stripeCardId = parseStripeCardId('ic_nobody');
    for (let round = 0; round < ROUNDS; round += 1) {
      const [one, other] = await both(await requestOf(program, round, { stripeCardId }));
      expect(one?.reason).toBe('UNKNOWN_CARD');
      expect(other).toEqual(one);
    }
    expect(await decisionsOf(program)).toBe(ROUNDS);
  });
});

describe('two stores that ask for one account', () => {
  it('never spend the same money, whoever of them is quicker', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 950 });
    const requests = await Promise.all(
      Array.from({ length: ROUNDS }, (_none, round) => requestOf(program, round)),
    );
    const replies = await Promise.all(
      requests.map(async (request, place) => {
        const store = stores[place % stores.length];
        if (store === undefined) throw new Error('there are two stores');
        return persistent(store, await questionOf(store, request));
      }),
    );
    expect(replies.filter(({ approved }) => approved)).toHaveLength(9);
    expect(await balancesOf(sql, program)).toMatchObject({ available: 50, held: 900 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });
});
