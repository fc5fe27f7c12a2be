/** Runs the tests against every mutant of the SQL functions, some side by side, and tells what survived. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultMigrationDirectory } from '../../src/adapters/postgres/migration-files.ts';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import { createSupervisor, type Supervisor } from '../../src/apps/cli/local/supervisor.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { startTestServer } from '../support/test-server.ts';
import { reasonWhyEquivalent, unusedReasons } from './sql-equivalents.ts';
import { mutantsOf, type SqlMutant } from './sql-mutants.ts';
import { type Trial, type TrialOptions, tryMutant } from './sql-trial.ts';

/** The migrations with functions that decide about money, and the tests of each, the quickest to find out first. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  '0003-ledger.sql': ['test/ledger/', 'test/authorizer/decide'],
  '0006-relay.sql': ['test/relay/look-again'],
  '0007-books.sql': ['test/ledger/post-', 'test/ledger/write-', 'test/ledger/'],
  '0008-spending.sql': ['test/authorizer/spending.test', 'test/authorizer/decide-'],
  '0009-decide.sql': [
    'test/authorizer/decide-',
    'test/authorizer/card-profile',
    'test/authorizer/',
  ],
};

export interface SqlResult extends Trial {
  readonly mutant: SqlMutant;
  /** Why no test can find it, if somebody looked at it and found that it changes nothing. */
  readonly equivalent: string | undefined;
}

export interface SqlRunOptions {
  /** Only the mutants of functions with this in their name. */
  readonly only: string;
  readonly concurrency: number;
  readonly print: (line: string) => void;
}

export async function runSqlMutants(options: SqlRunOptions): Promise<readonly SqlResult[]> {
  const supervisor = createSupervisor(processEnvironment());
  const folders = [await mkdtemp(join(await realpath(tmpdir()), 'issuing-mutation-'))];
  try {
    const folder = folders[0] ?? '';
    supervisor.removeAfterKill(folder);
    const server = await startTestServer(supervisor, folder, (path) => folders.push(path));
    const results = await tryAll(await targets(options.only), { supervisor, server }, options);
    await report(results);
    return results;
  } finally {
    await supervisor.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await supervisor.close();
  }
}

async function targets(only: string): Promise<readonly SqlMutant[]> {
  const directory = defaultMigrationDirectory();
  const all = await Promise.all(
    Object.keys(TARGETS).map(async (file) =>
      mutantsOf(file, await readFile(join(directory, file), 'utf8')),
    ),
  );
  return all.flat().filter(({ functionName }) => functionName.includes(only));
}

type Server = Pick<TrialOptions, 'server'> & { readonly supervisor: Supervisor };

async function tryAll(
  mutants: readonly SqlMutant[],
  server: Server,
  { concurrency, print }: SqlRunOptions,
): Promise<readonly SqlResult[]> {
  await expectGreen(server, 'before the first mutant');
  const results: SqlResult[] = [];
  const waiting = [...mutants.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, mutant] = next;
      const tests = TARGETS[mutant.file] ?? [];
      const trial = await tryMutant(mutant.sql, { ...server, tests, name: `mutant_${index}` });
      const equivalent = reasonWhyEquivalent(mutant);
      results.push({ ...trial, mutant, equivalent });
      const { file, line, functionName, change } = mutant;
      const where = `[${results.length}/${mutants.length}] ${file}:${line} ${functionName}`;
      print(`${where}: ${trial.outcome}${trial.outcome === 'killed' ? '' : `  ${change}`}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  // Had the server or the tests broken down meanwhile, everything would look killed.
  await expectGreen(server, 'after the last mutant');
  return results.toSorted((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant));
}

async function expectGreen(server: Server, when: string): Promise<void> {
  for (const tests of Object.values(TARGETS)) {
    const { outcome, by } = await tryMutant(null, { ...server, tests, name: 'mutant_none' });
    if (outcome !== 'survived' || by !== '')
      throw new Error(`The tests fail without a mutant, ${when}: ${by}`);
  }
}

/** The results of the last run, for whoever wants to know which test found what. */
async function report(results: readonly SqlResult[]): Promise<void> {
  const folder = join(projectRoot, 'reports', 'mutation');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'sql.json'), `${JSON.stringify(results, undefined, 2)}\n`);
}

export interface Score {
  readonly killed: number;
  readonly tried: number;
}

/** Mutants that Postgres refused or that change nothing are no test's business. */
export function scoreOf(results: readonly SqlResult[]): Score {
  const counted = results.filter((r) => r.outcome !== 'invalid' && !isEquivalent(r));
  return { killed: counted.filter((r) => r.outcome === 'killed').length, tried: counted.length };
}

const isEquivalent = ({ outcome, equivalent }: SqlResult): boolean =>
  outcome === 'survived' && equivalent !== undefined;

/** What a person wants to see: a line for each function, then every survivor with its place. */
export function summary(results: readonly SqlResult[], isComplete: boolean): readonly string[] {
  const names = [...new Set(results.map((r) => r.mutant.functionName))];
  const rows = names.map((name) => {
    const own = results.filter((r) => r.mutant.functionName === name);
    const { killed, tried } = scoreOf(own);
    const invalid = own.filter((r) => r.outcome === 'invalid').length;
    const equivalent = own.filter(isEquivalent).length;
    return `${name.padEnd(24)} killed ${killed} of ${tried} (equivalent ${equivalent}, not compiling ${invalid})`;
  });
  const survivors = results
    .filter((r) => r.outcome === 'survived' && r.equivalent === undefined)
    .map(({ mutant }) => `survived: ${mutant.file}:${mutant.line}  ${mutant.change}`);
  const stale = isComplete ? unusedReasons(results.map((r) => r.mutant)) : [];
  const killedAll = results.filter((r) => r.outcome === 'killed' && r.equivalent !== undefined);
  return [
    ...rows,
    ...survivors,
    ...stale.map((change) => `listed as equivalent, but there is no such mutant: ${change}`),
    ...killedAll.map((r) => `listed as equivalent, but a test finds it: ${r.mutant.change}`),
  ];
}
