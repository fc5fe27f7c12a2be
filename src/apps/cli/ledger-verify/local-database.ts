/** The database of a local stack that is running in this checkout. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readState } from '../local/stack-state.ts';

/** The line of postmaster.pid that holds the port, counted from 0. */
const PORT_LINE = 3;

/** Its address as the processes' role; throws a sentence when there is none. */
export async function localDatabaseUrl(folder: string): Promise<string> {
  const state = await readState(folder);
  const data = state?.embedded.postgres === true ? state.postgresData : undefined;
  const port = data === undefined ? undefined : await portOf(join(data, 'cluster'));
  if (state === undefined || port === undefined) {
    throw new Error(
      `No database to read: set DATABASE_URL, or run \`npm start\` (nothing runs in ${folder})`,
    );
  }
  return `postgres://issuing_app:${state.secrets.appPassword}@127.0.0.1:${port}/issuing`;
}

/** A running server writes its port there, and removes the file at its end. */
async function portOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const port = Number(text.split('\n')[PORT_LINE]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}
