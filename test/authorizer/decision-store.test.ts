/** The store of decisions on servers that are not as they should be: with another clock, or without the right to write. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOfReplica } from '../../src/adapters/postgres/database-outage.ts';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createGuard } from '../../src/apps/authorizer/guard.ts';
import { createProbe } from '../../src/apps/authorizer/probe.ts';
import type { Question } from '../../src/ports/decision-store.ts';
import { questionOf } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { requestFor } from '../support/limited-cards.ts';

const BUDGET_MS = 10_000;
const STEPS_MS = [-3_600_000, 3_600_000];

let database: TestDatabase;
let sql: Sql;
let card: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-store' });
  card = await createCardProgram(sql, { fundsMinor: 100_000 });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** A process whose clock is off by so much, which can change. */
function storeWithClock(startMs: number) {
  const clock = { offMs: startMs, nowMs: () => Date.now() + clock.offMs };
  const store = createDecisionStore(() => sql, clock);
  const asked = async (): Promise<Question> => {
    const question = await questionOf(store, await requestFor(sql, { card, amount: 1 }));
    return { ...question, deadlineMs: clock.nowMs() + BUDGET_MS };
  };
  const kindOf = async (question: Question) => (await store.decide([question]))[0]?.kind;
  return { clock, store, asked, kindOf };
}

describe('a clock that is not that of Postgres', () => {
  it.each(STEPS_MS)('is known with the first profile: %d ms', async (offMs) => {
    const { asked, kindOf } = storeWithClock(offMs);
    expect(await kindOf(await asked())).toBe('decided');
  });

  it.each(STEPS_MS)('and steps by %d ms is known after one question', async (stepMs) => {
    const { clock, store, asked, kindOf } = storeWithClock(0);
    const before = await asked();
    clock.offMs += stepMs;
    await store.probe();
    expect(await kindOf({ ...before, deadlineMs: clock.nowMs() + BUDGET_MS })).toBe('decided');
    expect(await kindOf({ ...(await asked()), deadlineMs: clock.nowMs() - 1 })).toBe('too_late');
  });
});

describe('a server that takes no writes', () => {
  it('is not ready, decides nothing, and is left', async () => {
    const connected: Sql[] = [];
    const store = createDecisionStore(() => {
      const isReadOnly = connected.length < 2;
      const url = database.appUrl;
      const pool = createSql({ url, poolSize: 1, name: 'test-replica', isReadOnly });
      connected.push(pool);
      return pool;
    }, storeWithClock(0).clock);
    const guard = createGuard(() => store.reconnect(), isOfReplica);
    const question = await questionOf(store, await requestFor(sql, { card, amount: 1 }));
    await expect(createProbe(store, guard)()).rejects.toMatchObject({ code: '25006' });
    expect(connected).toHaveLength(2);
    expect(await guard(() => store.decide([question]))).toMatchObject({ kind: 'failed' });
    expect(await store.decide([question])).toMatchObject([{ kind: 'decided' }]);
    await store.close();
  });
});

it('decides only where each statement sees what the lock before it has let in', async () => {
  await expect(
    sql.begin('isolation level repeatable read', (tx) => tx`select decide('[]', '[]', now())`),
  ).rejects.toThrow('isolation level');
});
