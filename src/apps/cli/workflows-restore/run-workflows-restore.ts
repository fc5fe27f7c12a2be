/** `npm run workflows:restore`: starts the workflow of every open card that has none. */
import { join } from 'node:path';
import { openCards } from '../../../adapters/postgres/fact-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { tellAgain } from '../../../adapters/postgres/told-again.ts';
import { createCardWorkflows } from '../../../adapters/temporal/card-workflows.ts';
import {
  createTemporalClient,
  type TemporalClient,
} from '../../../adapters/temporal/connection.ts';
import {
  checkNamespace,
  isCardRunning,
  isWorkerPolling,
  NamespaceUnusableError,
} from '../../../adapters/temporal/namespace-look.ts';
import { processEnvironment, workflowsRestoreConfig } from '../../../platform/config.ts';
import { type DatabaseSetting, namingDatabase, withoutPassword } from '../database-address.ts';
import { localDatabaseUrl } from '../ledger-verify/local-database.ts';
import { projectRoot } from '../local/module-command.ts';
import { localTemporal } from './local-temporal.ts';
import { type RestoreSteps, restoreCards } from './restore-cards.ts';
import { grouped, outcomeText } from './restore-text.ts';

/** A few cards are done before anybody wants to hear of progress. */
const PROGRESS_EVERY_MS = 2_000;
const MS_PER_SECOND = 1_000;
const GAVE_UP_EXIT_CODE = 2;

export interface RestoreArguments {
  /** Go on after this card; empty for all. */
  readonly after: string;
  readonly dryRun: boolean;
}

/**
 * @returns the exit code: 0 when every open card has its workflow, 1 when some could not be given one, 2 when Temporal
 * went away meanwhile. Throws when database or namespace cannot be used at all.
 */
export async function runWorkflowsRestore(argv: RestoreArguments): Promise<number> {
  const { database, temporal: settings } = await whereCardsAre();
  const sql = createSql({ url: database.url, poolSize: 2, name: 'issuing-workflows-restore' });
  const temporal = createTemporalClient(settings);
  say(
    `${argv.dryRun ? 'Looking for missing workflows' : 'Starting missing workflows'} of ${withoutPassword(database.url)}\n` +
      `on Temporal ${settings.address}, namespace "${settings.namespace}" …`,
  );
  try {
    await namingTemporal(settings, () => checkNamespace(temporal));
    return await namingDatabase(database, () => restore(argv, sql, temporal));
  } finally {
    await temporal.close();
    await sql.end();
  }
}

/** The addresses given, or those of a local stack that runs in this checkout. */
async function whereCardsAre() {
  const given = workflowsRestoreConfig(processEnvironment());
  if (given !== undefined) {
    return { database: { name: 'DATABASE_URL', url: given.databaseUrl }, temporal: given.temporal };
  }
  const folder = join(projectRoot, '.local');
  const database: DatabaseSetting = {
    name: 'the local stack',
    url: await localDatabaseUrl(folder),
  };
  return { database, temporal: await localTemporal(folder) };
}

async function restore(
  argv: RestoreArguments,
  sql: Sql,
  temporal: TemporalClient,
): Promise<number> {
  const startedAt = performance.now();
  let toldAgain = 0;
  const workflows = createCardWorkflows(temporal.client);
  const report = progressPrinter();
  const steps: RestoreSteps = {
    openCards: (page) => openCards(sql, page),
    start: (cardId) => workflows.start(cardId),
    // Also for cards that run: the relay may have started one with a later fact than the one that was lost.
    async onReached(cardIds) {
      toldAgain += await tellAgain(sql, cardIds);
    },
    onPage: ({ cards, after }) => report(`  ${grouped(cards)} cards, up to ${after} …`),
  };
  const dry: RestoreSteps = {
    ...steps,
    start: async (cardId) => ((await isCardRunning(temporal, cardId)) ? 'running' : 'started'),
    onReached: async () => {},
  };
  const restoration = await restoreCards(argv.after, argv.dryRun ? dry : steps);
  const seconds = (performance.now() - startedAt) / MS_PER_SECOND;
  const isPolled = await isWorkerPolling(temporal).catch(() => true);
  const { gaveUp, failed } = restoration;
  console.log(
    outcomeText({
      ...restoration,
      isDryRun: argv.dryRun,
      toldAgain,
      isWorkerPolling: isPolled,
      seconds,
    }),
  );
  if (gaveUp !== null) return GAVE_UP_EXIT_CODE;
  return failed.length === 0 ? 0 : 1;
}

/** A bare `14 UNAVAILABLE` becomes a sentence with the settings. */
async function namingTemporal<T>(
  { address, namespace }: { readonly address: string; readonly namespace: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NamespaceUnusableError)) throw error;
    throw new Error(
      `TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: ${address}, "${namespace}" cannot be used: ${error.message}`,
      { cause: error },
    );
  }
}

function progressPrinter(): (line: string) => void {
  let toldAt = performance.now();
  return (line) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    say(line);
  };
}

/** The outcome alone goes to standard output. */
const say = (line: string): void => console.error(line);
