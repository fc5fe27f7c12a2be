/** A database of its own for each test file: a clone of the migrated template, made in a few milliseconds. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { eventually } from './eventually.ts';

export interface TestDatabase {
  readonly name: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
  /** Drops the database. Throws when a connection to it was left open, after dropping it all the same. */
  drop(): Promise<void>;
}

/** Closed connections disappear from the server's list within milliseconds. */
const LEAK_WAIT_MS = 2_000;
const LEAK_POLL_MS = 20;

/** A clone of the migrated template. */
export const createTestDatabase = (): Promise<TestDatabase> => create(inject('templateDatabase'));

/** A database without a schema, for tests of the migrations themselves. */
export const createEmptyDatabase = (): Promise<TestDatabase> => create('template1');

async function create(template: string): Promise<TestDatabase> {
  // Named after the template, so that what a killed run against a mutant left behind can be found.
  const name = `${template}_${randomBytes(8).toString('hex')}`;
  const adminUrl = inject('ownerUrl');
  await withAdmin(adminUrl, (sql) => sql.unsafe(`create database ${name} template ${template}`));
  const inDatabase = (url: string): string => {
    const address = new URL(url);
    address.pathname = name;
    return address.href;
  };
  return {
    name,
    ownerUrl: inDatabase(adminUrl),
    appUrl: inDatabase(inject('appUrl')),
    drop: () => withAdmin(adminUrl, (sql) => dropDatabase(sql, name)),
  };
}

async function withAdmin<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

async function dropDatabase(sql: postgres.Sql, name: string): Promise<void> {
  let open: readonly string[] = [];
  const isClosed = await eventually(
    async () => {
      const rows = await sql<{ name: string }[]>`
        select application_name as name from pg_stat_activity
        where datname = ${name} and backend_type = 'client backend'`;
      open = rows.map((row) => row.name);
      return open.length === 0;
    },
    { timeoutMs: LEAK_WAIT_MS, everyMs: LEAK_POLL_MS },
  ).catch(() => false);
  await sql.unsafe(`drop database if exists ${name} with (force)`);
  if (!isClosed) {
    throw new Error(
      `${open.length} connections to the test database were left open: ${open.join(', ')}`,
    );
  }
}
