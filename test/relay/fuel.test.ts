/** A fuel pump that never reports its amount: what was held for it lapses, and nothing else has to happen for that. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { recheckLapsedSurplus } from '../../src/adapters/postgres/lapsed-surplus.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { FUEL_SURPLUS_VALID_S } from '../../src/domain/limits.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { askStore } from '../support/ask-decision.ts';
import { balancesOf, brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { authorization, event, START_S, store } from '../support/stripe-events.ts';

const PUMP = {
  name: 'Pump',
  category: 'automated_fuel_dispensers',
  categoryCode: '5542',
  country: 'US',
  networkId: '1',
};

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 3, name: 'test-fuel' });
});
afterAll(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  await sql.end();
  await database.drop();
});

it('holds the configured amount until it lapses, and then what the check asked for', async () => {
  const program = await createCardProgram(sql, { fundsMinor: 50_000, stripeAccount: 'acct_fuel' });
  const decisions = createDecisionStore(() => sql, systemClock());
  const request = sampleRequest({
    requestId: 'evt_fuel',
    authorizationId: parseAuthorizationId('iauth_fuel'),
    stripeAccount: 'acct_fuel',
    stripeCardId: program.stripeCardId,
    askedMinor: minorUnits(100),
    merchant: PUMP,
    requestedS: START_S,
  });
  await askStore(decisions, request);
  const view = authorization({
    id: 'iauth_fuel',
    card: program.stripeCardId,
    amount: 100,
    metadata: { evt_fuel: 'approved' },
  });
  await store(sql, program.tenantId, [event('issuing_authorization.created', view)]);
  const applyAt = (nowS: number) =>
    applyInbox(sql, {
      interpret: interpretEvent,
      clock: { nowMs: () => nowS * 1000 },
      lanesMax: 1,
      onError: (_group, error) => expect.fail(String(error)),
    });
  await applyAt(START_S + 1);
  expect(await balancesOf(sql, program)).toMatchObject({ available: 40_000, held: 10_000 });

  // A minute later, so that no clock that is a little behind finds it held still.
  const lapsesS = START_S + FUEL_SURPLUS_VALID_S + 60;
  expect(await recheckLapsedSurplus(sql, lapsesS - 1)).toBe(0);
  expect(await recheckLapsedSurplus(sql, lapsesS)).toBe(1);
  expect(await recheckLapsedSurplus(sql, lapsesS), 'once is enough').toBe(0);
  await applyAt(lapsesS);
  expect(await balancesOf(sql, program)).toMatchObject({ available: 49_900, held: 100 });
});
