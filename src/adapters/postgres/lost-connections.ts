/**
 * Transactions whose connection goes away. The driver (3.4.9) then still sends a rollback, to a socket that is gone: that
 * ends the process with an error which nobody can catch, or leaves the connection unusable for good (its issues 1154 and
 * 1208). So work that fails because its connection was lost is left hanging: the driver, which hears of the loss by
 * another way too, has the transaction fail all the same.
 */
import type { Sql, Transaction } from './pool.ts';

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

type Work = (tx: Transaction) => unknown;

/** The work may use this connection only: the loss of another would leave its transaction open. */
const guarded =
  (work: Work): Work =>
  async (tx) => {
    const { savepoint } = tx;
    const inner = (first: string | Work, second?: Work): unknown =>
      second === undefined
        ? savepoint(guarded(first as Work))
        : savepoint(first as string, guarded(second));
    try {
      return await work(Object.assign(tx, { savepoint: inner }));
    } catch (error) {
      if (isLost(error)) return new Promise<never>(() => {});
      throw error;
    }
  };

/** The same pool, whose transactions end with an error when their connection is lost, and with nothing worse. */
export function survivingLosses(sql: Sql): Sql {
  const { begin } = sql;
  return Object.assign(sql, {
    begin: (first: string | Work, second?: Work): unknown =>
      second === undefined
        ? begin(guarded(first as Work))
        : begin(first as string, guarded(second)),
  }) as Sql;
}
