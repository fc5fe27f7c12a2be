/**
 * Connections that go away, which the driver (3.4.9) takes badly. In a transaction it then still sends a rollback, to a
 * socket that is gone: that ends the process with an error which nobody can catch, or leaves the connection unusable for
 * good (its issues 1154 and 1208). So work that fails because its connection was lost is left hanging: the driver, which
 * hears of the loss by another way too, has the transaction fail all the same, and nothing holds the work any more.
 */
import type postgres from 'postgres';
import { CONNECTION_CODES } from './database-outage.ts';

/** Errors of a server that still answers are not among them. */
const isLost = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CONNECTION_CODES.has(String(error.code));

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

/** Of `text[]`: known with all other arrays. */
const TEXT_ARRAY_OID = 1009;

/**
 * Each new connection asks for the types of arrays, and one that is lost before the answer ends the process (issues 1192
 * and 1223). The answer is the same for all of a pool, so only connections that are made before the first answer ask.
 */
function askOnce<T extends Types>({ options }: postgres.Sql<T>): void {
  Object.defineProperty(options, 'fetch_types', {
    enumerable: true,
    get: () => options.parsers[TEXT_ARRAY_OID] === undefined,
  });
}

/**
 * When a connection is lost in the middle of an answer, the driver counts its rows on: the next answer on the connection
 * begins with as many gaps, and its first row would be taken for none. That of a transaction is the empty one of `begin`.
 */
function withoutGaps(made: unknown): unknown {
  if (!(made instanceof Promise) || !('resolve' in made)) return made;
  const { resolve } = made;
  if (typeof resolve !== 'function') return made;
  return Object.assign(made, {
    resolve(answer: unknown) {
      if (Array.isArray(answer)) {
        const gaps = answer.findIndex((_row, place) => place in answer);
        if (gaps > 0) answer.splice(0, gaps);
      }
      Reflect.apply(resolve, undefined, [answer]);
    },
  });
}

/** The same pool, to which a lost connection is an error of the work that had it, and nothing worse. */
export function survivingLosses<T extends Types>(sql: postgres.Sql<T>): postgres.Sql<T> {
  askOnce(sql);
  // oxlint-disable-next-line typescript/unbound-method -- the driver makes a function that needs no `this`.
  const { begin } = sql;
  const made = (...asked: readonly unknown[]): unknown =>
    withoutGaps(Reflect.apply(sql, undefined, asked));
  return Object.assign(made, sql, {
    begin: (first: string | Work<T>, second?: Work<T>): unknown =>
      typeof first === 'string'
        ? begin(first, guarded(second ?? (() => null)))
        : begin(guarded(first)),
  });
}
