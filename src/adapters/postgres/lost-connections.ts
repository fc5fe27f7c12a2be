/**
 * Transactions whose connection goes away. The driver (3.4.9) then still sends a rollback, to a socket that is gone: that
 * ends the process with an error which nobody can catch, or leaves the connection unusable for good (its issues 1154 and
 * 1208). So work that fails because its connection was lost is left hanging: the driver, which hears of the loss by
 * another way too, has the transaction fail all the same.
 */
import type postgres from 'postgres';

/** What the driver and Node.js call a connection that is no more. Errors of a server that still answers are not among them. */
const LOST_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

const isLost = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && LOST_CODES.has(String(error.code));

type Types = Record<string, unknown>;
type Work<T extends Types> = (tx: postgres.TransactionSql<T>) => unknown;

/** The work may use this connection only: the loss of another would leave its transaction open. */
const guarded =
  <T extends Types>(work: Work<T>): Work<T> =>
  async (tx) => {
    // oxlint-disable-next-line typescript/unbound-method -- the driver makes a function that needs no `this`.
    const { savepoint } = tx;
    const inner = (first: string | Work<T>, second?: Work<T>): unknown =>
      typeof first === 'string'
        ? savepoint(first, guarded(second ?? (() => null)))
        : savepoint(guarded(first));
    try {
      return await work(Object.assign(tx, { savepoint: inner }));
    } catch (error) {
      if (isLost(error)) return new Promise<never>(() => {});
      throw error;
    }
  };

/** The same pool, whose transactions end with an error when their connection is lost, and with nothing worse. */
export function survivingLosses<T extends Types>(sql: postgres.Sql<T>): postgres.Sql<T> {
  // oxlint-disable-next-line typescript/unbound-method -- the driver makes a function that needs no `this`.
  const { begin } = sql;
  return Object.assign(sql, {
    begin: (first: string | Work<T>, second?: Work<T>): unknown =>
      typeof first === 'string'
        ? begin(first, guarded(second ?? (() => null)))
        : begin(guarded(first)),
  });
}
