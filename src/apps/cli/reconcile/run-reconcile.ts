/** `npm run reconcile`: compares our side with Stripe's, repairs what differs, and says so. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createDriftStore, driftScopes } from '../../../adapters/postgres/drift-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { createStripe } from '../../../adapters/stripe/client.ts';
import { interpretEvent } from '../../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../../adapters/stripe/reader.ts';
import { processEnvironment, reconcileConfig } from '../../../platform/config.ts';
import { createPace } from '../../../platform/pace.ts';
import { type DriftPorts, repairDrift } from '../../../reconciliation/drift.ts';
import { pacedReader } from '../../../reconciliation/paced-reader.ts';
import { type DatabaseSetting, namingDatabase, withoutPassword } from '../database-address.ts';
import { localDatabaseUrl } from '../ledger-verify/local-database.ts';
import { projectRoot } from '../local/module-command.ts';
import { localStripe, type StripeAddress } from './local-stripe.ts';
import type { ReconcileArguments } from './reconcile-arguments.ts';
import { type Counts, foundText, progressText, reconcileText } from './reconcile-text.ts';

/** Stripe allows 25 a second to one endpoint in test mode, and the processes call it too. */
const CALLS_PER_S = 10;
/** A person waits, so that Stripe counts as away after some seconds. */
const TRIES_MAX = 3;
/** Events come within a second or two; what differs for longer has not just happened. */
const SETTLED_AFTER_MS = 3_000;
const MS_PER_SECOND = 1_000;

/**
 * @returns the exit code: 0 when nothing differs, 1 when something does. Throws when database or Stripe cannot be asked.
 */
export async function runReconcile(argv: ReconcileArguments): Promise<number> {
  const { database, stripe } = await whatToCompare();
  const sql = createSql({ url: database.url, poolSize: 2, name: 'issuing-reconcile' });
  say(`Comparing ${withoutPassword(database.url)} with Stripe at ${stripe.apiBase} …`);
  try {
    return await namingDatabase(database, () => reconcile(argv, sql, stripe));
  } finally {
    await sql.end();
  }
}

/** What is given, or the parts of a local stack that runs in this checkout. */
async function whatToCompare(): Promise<{ database: DatabaseSetting; stripe: StripeAddress }> {
  const given = reconcileConfig(processEnvironment());
  if (given !== undefined) {
    return { database: { name: 'DATABASE_URL', url: given.databaseUrl }, stripe: given.stripe };
  }
  const folder = join(projectRoot, '.local');
  const url = await localDatabaseUrl(folder);
  return { database: { name: 'the local stack', url }, stripe: await localStripe(folder) };
}

async function reconcile(
  { cardId, dryRun }: ReconcileArguments,
  sql: Sql,
  stripe: StripeAddress,
): Promise<number> {
  const startedAt = performance.now();
  const ports: DriftPorts = {
    store: createDriftStore(sql),
    reader: pacedReader(createStripeReader(createStripe(stripe)), {
      pace: createPace(CALLS_PER_S),
      triesMax: TRIES_MAX,
    }),
    interpret: interpretEvent,
    settled: () => setTimeout(SETTLED_AFTER_MS),
  };
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
