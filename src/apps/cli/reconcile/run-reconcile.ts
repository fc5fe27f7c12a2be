/** `npm run reconcile`: compares our side with Stripe's, repairs what differs, and says so. */
import { createDriftStore, driftScopes } from '../../../adapters/postgres/drift-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { createStripe } from '../../../adapters/stripe/client.ts';
import { interpretEvent } from '../../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../../adapters/stripe/reader.ts';
import { createPace } from '../../../platform/pace.ts';
import { repairDrift } from '../../../reconciliation/drift.ts';
import { driftPortsOver } from '../../../reconciliation/drift-ports.ts';
import { namingDatabase, withoutPassword } from '../database-address.ts';
import { type ComparedSides, comparedSides, TRIES_MAX } from './compared-sides.ts';
import type { ReconcileArguments } from './reconcile-arguments.ts';
import { type Counts, foundText, progressText, reconcileText } from './reconcile-text.ts';

const MS_PER_SECOND = 1_000;

/**
 * @returns the exit code: 0 when nothing differs, 1 when something does. Throws when database or Stripe cannot be asked.
 */
export async function runReconcile(argv: ReconcileArguments): Promise<number> {
  const sides = await comparedSides();
  const { database, stripe } = sides;
  const sql = createSql({ url: database.url, poolSize: 2, name: 'issuing-reconcile' });
  say(`Comparing ${withoutPassword(database.url)} with Stripe at ${stripe.apiBase} …`);
  try {
    return await namingDatabase(database, () => reconcile(argv, sql, sides));
  } finally {
    await sql.end();
  }
}

async function reconcile(
  { cardId, dryRun }: ReconcileArguments,
  sql: Sql,
  { stripe, callsPerS }: ComparedSides,
): Promise<number> {
  const startedAt = performance.now();
  const ports = driftPortsOver({
    pace: createPace(callsPerS),
    triesMax: TRIES_MAX,
    store: createDriftStore(sql),
    reader: createStripeReader(createStripe(stripe)),
    interpret: interpretEvent,
  })();
  const scopes = await driftScopes(sql, cardId);
  if (scopes.length === 0 && cardId !== null) throw new Error(`There is no card ${cardId}`);
  const counts: Counts[] = [];
  for (const scope of scopes) {
    const report = await repairDrift(scope, ports, {
      isDryRun: dryRun,
      onFound: (found) => console.log(foundText(found, dryRun)),
      onProgress: (soFar) => say(progressText(soFar)),
    });
    counts.push(report.counts);
  }
  const seconds = (performance.now() - startedAt) / MS_PER_SECOND;
  console.log(reconcileText(counts, seconds));
  return counts.some((one) => Object.values(one).some(({ differing }) => differing > 0)) ? 1 : 0;
}

/** What differs, and the outcome, go to standard output alone. */
const say = (line: string): void => console.error(line);
