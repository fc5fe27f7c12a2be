/** The environment in which tests start a local stack, and a look at what it leaves behind. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processEnvironment } from '../../src/platform/config.ts';
import type { Environment } from '../../src/platform/config-reader.ts';

/** A developer's own settings must not reach the stacks of the tests. */
const IGNORED =
  /^(DATABASE_|STRIPE_|TEMPORAL_(?!CLI$)|API_KEYS$|AUTHORIZER_|HOST$|LOG_LEVEL$|NODE_OPTIONS$|VITEST)/;
const MARK = 'STACK_TEST_MARK';

/** This process' environment without settings of the product, and with a mark that all children inherit. */
export function stackEnvironment(more: Environment = {}): Environment {
  const kept = Object.entries(processEnvironment()).filter(([name]) => !IGNORED.test(name));
  return { ...Object.fromEntries(kept), [MARK]: randomBytes(8).toString('hex'), ...more };
}

/** Ids of the running processes that were started with this environment. Known on Linux only; elsewhere empty. */
export async function processesOf(environment: Environment): Promise<readonly number[]> {
  const mark = `${MARK}=${environment[MARK]}`;
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    names
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
      .map(async (pid) => {
        const variables = await readFile(join('/proc', String(pid), 'environ'), 'utf8').catch(
          () => '',
        );
        return variables.split('\0').includes(mark) ? [pid] : [];
      }),
  );
  return found.flat();
}

/** Absolute path of a script that stands in for one of our processes. */
export const standIn = (name: 'app' | 'deaf' | 'failing' | 'simulator'): string =>
  join(import.meta.dirname, 'stand-ins', `${name}.mjs`);
