/** Tells an unreachable or closing database from a mistake of ours. */

/** Codes of the driver and of Node.js for connections that could not be made or were lost. */
export const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/**
 * Classes of SQLSTATE for a server that cannot work now: connection exceptions, insufficient resources,
 * operator intervention (shutdown, start-up, a cancelled statement), system errors.
 */
const OUTAGE_CLASSES = new Set(['08', '53', '57', '58']);

/** SQLSTATE of a server that takes no writes. */
const READ_ONLY = '25006';

/** So much waits for the database that more would only wait longer, and fill the memory. */
export class DatabaseBusyError extends Error {
  override readonly name = 'DatabaseBusyError';
}

/** True when the same statement may succeed once the database is reachable again. */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseBusyError) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseOutage);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return CONNECTION_CODES.has(code) || (code.length === 5 && OUTAGE_CLASSES.has(code.slice(0, 2)));
}

/** True on a server that takes no writes. After a failover the address leads elsewhere, but old connections stay there. */
export const isOfReplica = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === READ_ONLY;
