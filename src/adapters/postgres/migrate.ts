/**
 * Applies the numbered migrations: one runner at a time (advisory lock), each file in its own transaction,
 * each recorded with its hash. The grants to the processes' role are in the files; the role itself is made here.
 */
import postgres, { type Sql } from 'postgres';
import {
  type AppliedMigration,
  defaultMigrationDirectory,
  MigrationError,
  type MigrationFile,
  pendingMigrations,
  readMigrations,
} from './migration-files.ts';
import { APP_ROLE, ensureAppRole } from './roles.ts';

export interface MigrateOptions {
  /** Connects as the owner of the schema. */
  readonly ownerUrl: string;
  /** Set as the password of the processes' role; without it an existing password stays. */
  readonly appPassword?: string | undefined;
  /** Where the `NNNN-name.sql` files are; by default those of this package. */
  readonly directory?: string | undefined;
  /** Called with the file's name after each commit. */
  readonly onApplied?: ((name: string) => void) | undefined;
}

/** Any number will do, as long as nothing else in the database uses it. */
const LOCK_KEY = 5_147_220_631;
/** Long enough for another runner's slow migration, short enough that a stuck one is noticed in a deployment. */
const LOCK_WAIT_MS = 60_000;
/** A server that does not answer in this time is not reachable; 10 s covers a slow TLS handshake. */
const CONNECT_TIMEOUT_S = 10;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the schema up to date and returns the names of the files applied, oldest first.
 * Throws MigrationError when the files and the database do not fit together; nothing is applied then.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const files = await readMigrations(options.directory ?? defaultMigrationDirectory());
  const sql = postgres(options.ownerUrl, {
    // A session lock belongs to a connection, so there must be exactly one.
    max: 1,
    connect_timeout: CONNECT_TIMEOUT_S,
    connection: { application_name: 'issuing-migrate' },
    onnotice: () => {},
  });
  try {
    await takeLock(sql);
    await ensureAppRole(sql, options.appPassword);
    const pending = pendingMigrations(files, await readApplied(sql));
    for (const file of pending) {
      await apply(sql, file);
      options.onApplied?.(file.name);
    }
    await sql.unsafe(`grant usage on schema public to ${APP_ROLE}`);
    return { applied: pending.map((file) => file.name) };
  } finally {
    // The lock goes with the connection.
    await sql.end();
  }
}

async function takeLock(sql: Sql): Promise<void> {
  await sql.unsafe(`set lock_timeout = ${LOCK_WAIT_MS}`);
  try {
    await sql`select pg_advisory_lock(${LOCK_KEY}::bigint)`;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== LOCK_NOT_AVAILABLE)
      throw error;
    throw new MigrationError(
      `Another migration has been running on this database for more than ${LOCK_WAIT_MS / 1000} s`,
      { cause: error },
    );
  }
  await sql.unsafe('set lock_timeout = 0');
}

async function readApplied(sql: Sql): Promise<readonly AppliedMigration[]> {
  await sql.unsafe(`
    create table if not exists schema_migrations (
      version    integer     primary key check (version > 0),
      name       text        not null,
      sha256     text        not null,
      applied_at timestamptz not null default clock_timestamp()
    )`);
  return sql<
    AppliedMigration[]
  >`select version, name, sha256 from schema_migrations order by version`;
}

async function apply(sql: Sql, file: MigrationFile): Promise<void> {
  try {
    await sql.begin(async (tx) => {
      // Without parameters the text goes as one simple query, which may hold many statements.
      await tx.unsafe(file.sql).simple();
      await tx`insert into schema_migrations (version, name, sha256)
               values (${file.version}, ${file.name}, ${file.sha256})`;
    });
  } catch (error) {
    throw new MigrationError(
      `${file.name} failed and was rolled back: ${describe(error, file.sql)}`,
      {
        cause: error,
      },
    );
  }
}

/** The server's message, with the line of the file where it points to one. */
function describe(error: unknown, text: string): string {
  if (!(error instanceof postgres.PostgresError)) return String(error);
  const position = Number(error.position);
  const line = Number.isInteger(position)
    ? ` (line ${text.slice(0, position).split('\n').length})`
    : '';
  return `${error.message}${line}`;
}
