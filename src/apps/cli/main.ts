/** The command line of the project: demo, start, migrate, ledger-verify, workflows-restore, attention, api-keys, reconcile, completeness. */
import { migrate } from '../../adapters/postgres/migrate.ts';
import { migrateConfig, processEnvironment } from '../../platform/config.ts';
import { ConfigError } from '../../platform/config-reader.ts';
import { runApiKeys } from './api-keys/run-api-keys.ts';
import { runAttention } from './attention/run-attention.ts';
import { type DemoArguments, parseCommandLine, USAGE } from './command-line.ts';
import { runCompleteness } from './completeness/run-completeness.ts';
import { namingDatabase } from './database-address.ts';
import { runDemo } from './demo/run-demo.ts';
import { runLedgerVerify } from './ledger-verify/run-ledger-verify.ts';
import { runReconcile } from './reconcile/run-reconcile.ts';
import { reportFileProblem } from './report-file.ts';
import { runStart } from './start.ts';
import { runWorkflowsRestore } from './workflows-restore/run-workflows-restore.ts';

const CANNOT_READ_EXIT_CODE = 2;

async function run(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args);
  switch (line.command) {
    case 'demo':
      return runCheckedDemo(line.demo);
    case 'start':
      return runStart();
    case 'migrate':
      return runMigrate();
    case 'ledger-verify':
      return runLedgerVerify(line.all).catch(cannotRead);
    case 'workflows-restore':
      return runWorkflowsRestore(line.restore).catch(cannotRead);
    case 'completeness':
      return runCompleteness(line.completeness).catch(cannotRead);
    case 'attention':
      return runAttention(line.attention).catch(cannotRead);
    case 'api-keys':
      return runApiKeys(line.keys).catch(cannotRead);
    case 'reconcile':
      return runReconcile(line.reconcile).catch(cannotRead);
    case 'help':
      console.log(USAGE);
      return 0;
    case 'wrong':
      console.error(`${line.problem}\n\n${USAGE}`);
      return 1;
  }
}

async function runCheckedDemo(demo: DemoArguments): Promise<number> {
  const problem = demo.report === undefined ? undefined : await reportFileProblem(demo.report);
  if (problem === undefined) return runDemo(demo);
  console.error(problem);
  return 1;
}

async function runMigrate(): Promise<number> {
  const { ownerUrl, appPassword } = migrateConfig(processEnvironment());
  const { applied } = await namingDatabase({ name: 'DATABASE_OWNER_URL', url: ownerUrl }, () =>
    migrate({ ownerUrl, appPassword, onApplied: (name) => console.log(`applied ${name}`) }),
  );
  if (applied.length === 0) console.log('No migrations were due.');
  return 0;
}

/** Whoever runs it by a timer must be able to tell what was found from what could not be looked at. */
function cannotRead(error: unknown): number {
  report(error);
  return CANNOT_READ_EXIT_CODE;
}

/** An operator needs the sentence; the place in the code is for a bug, and bugs are not of these kinds. */
function report(error: unknown): void {
  if (error instanceof ConfigError) console.error(error.message);
  else if (error instanceof TypeError || error instanceof RangeError) console.error(error);
  else console.error(error instanceof Error ? error.message : String(error));
}

// A reader that went away, as of `npm start | head`, must not end us before the parts are stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  report(error);
  process.exitCode = 1;
}
// Whatever still holds the event loop, such as an idle connection, is of no use any more.
process.exit();
