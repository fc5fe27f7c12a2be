/** Tries one mutant: a clone of the template with the mutant in it, and the tests against that. */
import postgres from 'postgres';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import type { Supervisor } from '../../src/apps/cli/local/supervisor.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { TEMPLATE_DATABASE } from '../support/provided.ts';
import type { TestServer } from '../support/test-server.ts';

export interface Trial {
  /** `invalid` when Postgres does not take the mutant, so that no test had to find it. */
  readonly outcome: 'killed' | 'survived' | 'invalid';
  /** The first test that failed, or why there was none. */
  readonly by: string;
}

export interface TrialOptions {
  readonly supervisor: Supervisor;
  readonly server: TestServer;
  readonly tests: readonly string[];
  /** Names the databases of the trial; no other trial at the same time may have it. */
  readonly name: string;
}

/** A whole run takes half a minute; a mutant that hangs is stopped by the tests' own limits long before. */
const TRIAL_TIMEOUT_MS = 300_000;

/** With `null` instead of a mutant the tests have to pass. */
export async function tryMutant(mutant: string | null, options: TrialOptions): Promise<Trial> {
  const { server, name } = options;
  const admin = postgres(server.ownerUrl, { max: 1, onnotice: () => {} });
  try {
    await admin.unsafe(`create database ${name} template ${TEMPLATE_DATABASE}`);
    const problem = mutant === null ? undefined : await putIn(mutant, options);
    if (problem !== undefined) return { outcome: 'invalid', by: problem };
    return await runTests(options);
  } finally {
    const left = await admin<{ datname: string }[]>`
      select datname from pg_database where datname = ${name} or starts_with(datname, ${`${name}_`})`;
    for (const { datname } of left) await admin.unsafe(`drop database ${datname} with (force)`);
    await admin.end();
  }
}

/** Answers why Postgres does not take the mutant, or undefined. */
async function putIn(mutant: string, { server, name }: TrialOptions): Promise<string | undefined> {
  const url = new URL(server.ownerUrl);
  url.pathname = name;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(mutant);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // The template can be cloned only while nobody is connected to it.
    await sql.end();
  }
}

async function runTests(options: TrialOptions): Promise<Trial> {
  const { code, words, output } = await options.supervisor.run({
    command: process.execPath,
    args: [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config=test/mutation/sql.vitest.config.ts',
      '--bail=1',
      '--no-color',
      ...options.tests,
    ],
    env: {
      ...processEnvironment(),
      MUTANT_OWNER_URL: options.server.ownerUrl,
      MUTANT_APP_URL: options.server.appUrl,
      MUTANT_TEMPLATE: options.name,
    },
    cwd: projectRoot,
    timeoutMs: TRIAL_TIMEOUT_MS,
  });
  if (code === 0) return { outcome: 'survived', by: '' };
  const failed = /^ *FAIL +(.*)$/m.exec(output)?.[1];
  // Whatever else ends a run, a machine that is too busy for one, is no merit of the tests.
  return failed === undefined
    ? { outcome: 'survived', by: `no test that failed, but ${words}` }
    : { outcome: 'killed', by: failed };
}
