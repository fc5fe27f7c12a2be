/** The database of a local stack that is running in this checkout. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerDatabaseConfig, processEnvironment } from '../../../platform/config.ts';
import type { DatabaseSetting } from '../database-address.ts';
import { projectRoot } from '../local/module-command.ts';
import { readState } from '../local/stack-state.ts';

/** The line of postmaster.pid that holds the port, counted from 0. */
const PORT_LINE = 3;

/** Its address as the processes' role; throws a sentence when there is none. */
export const localDatabaseUrl = (folder: string): Promise<string> =>
  localUrl(folder, { role: 'issuing_app', variable: 'DATABASE_URL' });

/** Its address as the owner of the schema; throws a sentence when there is none. */
export const localOwnerUrl = (folder: string): Promise<string> =>
  localUrl(folder, { role: 'issuing_owner', variable: 'DATABASE_OWNER_URL' });

/** What a command works on as the owner: the database that is given, or that of a local stack in this checkout. */
export async function ownerDatabase(): Promise<DatabaseSetting> {
  const { ownerUrl } = ownerDatabaseConfig(processEnvironment());
  return ownerUrl === undefined
    ? { name: 'the local stack', url: await localOwnerUrl(join(projectRoot, '.local')) }
    : { name: 'DATABASE_OWNER_URL', url: ownerUrl };
}

/** `variable` names another database in place of it. */
interface LocalRole {
  readonly role: 'issuing_app' | 'issuing_owner';
  readonly variable: string;
}

async function localUrl(folder: string, { role, variable }: LocalRole): Promise<string> {
  const state = await readState(folder);
  const data = state?.embedded.postgres === true ? state.postgresData : undefined;
  const port = data === undefined ? undefined : await portOf(join(data, 'cluster'));
  if (state === undefined || port === undefined) {
    throw new Error(
      `No database to read: set ${variable}, or run \`npm start\` (nothing runs in ${folder})`,
    );
  }
  const { appPassword, ownerPassword } = state.secrets;
  const password = role === 'issuing_app' ? appPassword : ownerPassword;
  return `postgres://${role}:${password}@127.0.0.1:${port}/issuing`;
}

/** A running server writes its port there, and removes the file at its end. */
async function portOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const port = Number(text.split('\n')[PORT_LINE]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}
