/** Whether the books of a database are true, as `npm run ledger:verify` looks at them. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { type Difference, verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';

const DIFFERENCES_MAX = 20;

/** The first differences; none when the books are right. */
export async function differencesIn(sql: Sql): Promise<readonly Difference[]> {
  const { differences } = await verifyLedger(sql, {
    interpret: interpretEvent,
    nowS: Math.floor(Date.now() / 1000),
    differencesMax: DIFFERENCES_MAX,
  });
  for (const difference of differences) console.error(JSON.stringify(difference));
  return differences;
}
