/**
 * The order test of test/orders in Postgres: a seeded part of the same orders, with real calls of the decision
 * function and real rows of the inbox. Each must end as the script ends in memory, told in true order.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorizationStore } from '../../src/adapters/postgres/authorization-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { endingOf, type Ledger } from '../orders/ending.ts';
import { recordAll } from '../orders/library.ts';
import { ordersOf, trueOrder } from '../orders/order.ts';
import { NOW_MS, tellPostgres } from '../orders/postgres-books.ts';
import { openPostgres, readPostgres } from '../orders/postgres-rows.ts';
import { PostgresTelling, withoutNumbers } from '../orders/postgres-telling.ts';
import { Random } from '../orders/random.ts';
import type { Recorded } from '../orders/recorded.ts';
import { shownAs } from '../orders/shown-authorization.ts';
import { ledgerOf, tell } from '../orders/telling.ts';
import { brokenInvariants } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Of the orders in memory. */
const SHARE = 0.05;
/** One in so many tellings: the API reads each purchase by a query of its own. */
const SHOWN_EVERY = 5;
const TIMEOUT_MS = 240_000;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

let database: TestDatabase;
let sql: Sql;
let tellings: readonly PostgresTelling[];

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-order' });
  tellings = tellingsOf(await recordAll());
}, TIMEOUT_MS);
afterAll(async () => {
  await sql.end();
  await database.drop();
});

function tellingsOf(recordings: readonly Recorded[]): readonly PostgresTelling[] {
  const random = new Random(seed);
  let number = 0;
  return recordings.flatMap((recorded) =>
    [...ordersOf(recorded, seed)]
      .filter(() => random.chance(SHARE))
      .map((order) => {
        number += 1;
        return new PostgresTelling(recorded, order, number);
      }),
  );
}

/** How the script ends in memory, in true order. */
function expectedOf(recorded: Recorded) {
  const { books } = tell(recorded, trueOrder(recorded), 'unknown');
  return withoutNumbers(endingOf(ledgerOf(books), recorded.script));
}

describe(`what is applied and decided in Postgres (seed ${seed})`, () => {
  it(
    'ends in any order as it does in memory',
    async () => {
      await openPostgres(sql, tellings);
      await tellPostgres(sql, tellings);
      const ledgers = await readPostgres(sql);
      const expected = new Map<Recorded, ReturnType<typeof expectedOf>>();
      for (const telling of tellings) {
        const { recorded, title } = telling;
        const wanted = expected.get(recorded) ?? expectedOf(recorded);
        expected.set(recorded, wanted);
        const ledger: Ledger | undefined = ledgers.get(telling.tenantId);
        if (ledger === undefined) throw new Error('the telling has a tenant');
        const ending = withoutNumbers(endingOf(ledger, recorded.script));
        if (isDeepStrictEqual(ending, wanted)) continue;
        expect({ title, ...ending }).toEqual({ title, ...wanted });
      }
      expect(await brokenInvariants(sql)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'is shown by the API as it is in memory',
    async () => {
      const store = createAuthorizationStore(sql);
      const compare = async (telling: PostgresTelling): Promise<void> => {
        const { recorded, title } = telling;
        for (const wanted of expectedOf(recorded).authorizations) {
          const found = await store.find(telling.own(wanted.authorizationId));
          const shown = { title, ...withoutNumbers(found ?? {}) };
          expect(shown).toMatchObject({ title, ...shownAs(wanted) });
        }
      };
      await Promise.all(tellings.filter((_each, index) => index % SHOWN_EVERY === 0).map(compare));
    },
    TIMEOUT_MS,
  );

  it('leaves books that verify, with the counters of limits on their days', async () => {
    const options = { interpret: interpretEvent, nowS: NOW_MS / 1_000, differencesMax: 10 };
    expect((await verifyLedger(sql, options)).differences).toEqual([]);
  });

  it('settles every row of the inbox', async () => {
    const open = await sql`select event_id, reason from inbox where status = 'pending'`;
    expect([...open]).toEqual([]);
  });
});
