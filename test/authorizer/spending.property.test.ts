/**
 * Random programs of purchases under random limits: lists of requests, increments, releases, adopted purchases, days
 * that pass. Every answer is that of a model which knows the purchases alone, and after every step `spending` says what
 * they say. PROPERTY_RUNS sets how many programs are run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { LIMIT_INTERVALS } from '../../src/domain/controls.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { anotherCard, setLimits } from '../support/limited-cards.ts';
import { dayOf } from './spending-model.ts';
import { program } from './spending-steps.ts';
import { World } from './spending-world.ts';

const RUNS_DEFAULT = 100;
const { PROPERTY_RUNS: wantedRuns } = processEnvironment();
const runs = wantedRuns === undefined ? RUNS_DEFAULT : Number(wantedRuns);
const seed = Number(fc.sample(fc.nat(), 1)[0]);
const TIMEOUT_MS = 60_000 + runs * 1_000;

const FUNDS_MINOR = 1_500;

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-spending-program' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** `spending` of the account and its cards, and what it should be, each as sorted lines. */
async function counters(world: World): Promise<readonly [readonly string[], readonly string[]]> {
  const owners = world.cards.flatMap(({ cardId, accountId }) => [cardId, accountId]);
  const stored = await sql<{ line: string }[]>`
    select owner_id || ' ' || spent_on || ' ' || category || ' ' || amount_minor || ' ' || purchases as line
      from spending where owner_id = any (${owners}) and (amount_minor <> 0 or purchases <> 0)`;
  const sums = new Map<string, { amount: number; count: number }>();
  for (const purchase of await world.purchases()) {
    if (purchase.amount === 0) continue;
    for (const owner of [purchase.chain, purchase.account]) {
      const key = `${owner} ${dayOf(purchase.at)} ${purchase.category}`;
      const sum = sums.get(key) ?? { amount: 0, count: 0 };
      sums.set(key, { amount: sum.amount + purchase.amount, count: sum.count + 1 });
    }
  }
  const summed = [...sums].map(([key, sum]) => `${key} ${sum.amount} ${sum.count}`);
  return [stored.map(({ line }) => line).toSorted(), summed.toSorted()];
}

describe(`random purchases under random limits (seed ${seed}, ${runs} runs)`, () => {
  const happened = new Map<string, number>();

  it(
    'are answered as the purchases say, and counted as they are',
    async () => {
      await fc.assert(
        fc.asyncProperty(program, async ({ ofAccount, ofTenant, ofCard, allowsPart, steps }) => {
          const first = await createCardProgram(sql, { fundsMinor: FUNDS_MINOR });
          const replacement = await anotherCard(sql, first, 'replacing');
          const beside = await anotherCard(sql, replacement, 'beside');
          await setLimits(sql, first, 'account', ofAccount);
          await setLimits(
            sql,
            first,
            'tenant',
            ofTenant.map((each) => ({ ...each, currency: 'usd' })),
          );
          await sql`
            update accounts set allow_partial = ${allowsPart}, version = version + 1
             where account_id = ${first.accountId}`;
          const world = new World(
            sql,
            [first, replacement, beside],
            { account: ofAccount, tenant: ofTenant },
            happened,
          );
          await world.limitCard(1, ofCard);
          for (const [index, taken] of steps.entries()) {
            await world.take(taken);
            const [stored, summed] = await counters(world);
            expect(stored, `after step ${index + 1}`).toEqual(summed);
          }
        }),
        { numRuns: runs, seed },
      );
    },
    TIMEOUT_MS,
  );

  it.skipIf(runs < RUNS_DEFAULT)('have met every answer', () => {
    const expected = LIMIT_INTERVALS.map((each) => `${each.toUpperCase()}_LIMIT_EXCEEDED`);
    expect([...happened.keys()]).toEqual(
      expect.arrayContaining([
        ...expected,
        'APPROVED',
        'APPROVED_PARTLY',
        'ACCOUNT_CHECK',
        'INSUFFICIENT_FUNDS',
      ]),
    );
  });

  it('leave the books right', async () => {
    expect(await brokenInvariants(sql)).toEqual([]);
  });
});
