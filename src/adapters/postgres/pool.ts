/** A pool of connections to Postgres, set up alike in every process. */
import postgres from 'postgres';
import { survivingLosses } from './lost-connections.ts';
import type { Sql } from './sql-types.ts';

export type { Queryable, Sql, Transaction } from './sql-types.ts';

export interface SqlOptions {
  readonly url: string;
  /** Connections held open at most. */
  readonly poolSize: number;
  /** Shown as `application_name` in pg_stat_activity. */
  readonly name: string;
  /** A statement that runs longer is cancelled by the server; milliseconds. */
  readonly statementTimeoutMs?: number;
  /** Every transaction is read-only, whatever the role may do. */
  readonly isReadOnly?: boolean;
  /** How long a lost connection is left alone before it is made anew; without it, longer with each try, up to 20 s. */
  readonly reconnectAfterMs?: number;
}

const BIGINT_OID = 20;
/** A server that does not answer in this time is not reachable; longer waits only pile up callers. */
const CONNECT_TIMEOUT_S = 5;
/** No statement of ours takes seconds; one that does is stuck, and would hold its locks for ever. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** A transaction whose process hangs must not keep account rows locked. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is not a safe integer`);
  return value;
}

/** Connects lazily: the first query opens the first connection. Close it with `sql.end({ timeout })`. */
export function createSql(options: SqlOptions): Sql {
  const sql: Sql = postgres(options.url, {
    max: options.poolSize,
    connect_timeout: CONNECT_TIMEOUT_S,
    ...(options.reconnectAfterMs === undefined
      ? {}
      : { backoff: () => Number(options.reconnectAfterMs) / 1_000 }),
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      default_transaction_read_only: options.isReadOnly ?? false,
      // Rows are locked first and read after that, which needs a new snapshot for each statement.
      default_transaction_isolation: 'read committed',
    },
    types: {
      bigint: {
        to: BIGINT_OID,
        from: [BIGINT_OID],
        serialize: (value: number) => String(value),
        parse: safeInteger,
      },
    },
    onnotice: () => {},
  });
  return survivingLosses(sql);
}
