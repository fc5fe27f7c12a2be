/** The driver's types, with ours for what columns hold. */
import type postgres from 'postgres';

/** `bigint` columns arrive as safe integers; a value outside that range is a bug and throws. */
interface Types extends Record<string, unknown> {
  bigint: number;
}

export type Sql = postgres.Sql<Types>;
export type Transaction = postgres.TransactionSql<Types>;
/** Either of both, for functions that run inside and outside a transaction alike. */
export type Queryable = postgres.ISql<Types>;
