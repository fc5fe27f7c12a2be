/** The role of the processes: it may log in and use what the migrations grant it, and it owns nothing. */
import type { Sql } from 'postgres';
import { MigrationError } from './migration-files.ts';

export const APP_ROLE = 'issuing_app';

/** Postgres' codes for a role that another session made or changed in this moment. */
const RACE_CODES = new Set(['42710', '23505', 'XX000']);
/** Two sessions can collide once each; more attempts than this mean that something else is wrong. */
const RACE_ATTEMPTS_MAX = 5;
const INSUFFICIENT_PRIVILEGE = '42501';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * Makes sure the role exists, and sets its password when one is given.
 * Roles belong to the whole server, so migrations of two databases can meet here in spite of their locks.
 */
export async function ensureAppRole(sql: Sql, password: string | undefined): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await createOrAlter(sql, password);
      return;
    } catch (error) {
      if (codeOf(error) === INSUFFICIENT_PRIVILEGE) {
        throw new MigrationError(
          `The role ${APP_ROLE} is missing or needs its password, and the owner may not manage roles. ` +
            `Have an administrator run: create role ${APP_ROLE} login password '…'`,
          { cause: error },
        );
      }
      if (!RACE_CODES.has(codeOf(error)) || attempt === RACE_ATTEMPTS_MAX) throw error;
    }
  }
}

async function createOrAlter(sql: Sql, password: string | undefined): Promise<void> {
  const found = await sql`select 1 from pg_roles where rolname = ${APP_ROLE}`;
  if (found.length === 0) {
    await sql.unsafe(
      `create role ${APP_ROLE} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls`,
    );
  }
  if (password === undefined) return;
  const [row] = await sql<{ statement: string }[]>`
    select format('alter role %I with login password %L', ${APP_ROLE}::text, ${password}::text) as statement`;
  if (row !== undefined) await sql.unsafe(row.statement);
}
