/**
 * Re-computes the books from postings, views and events, all of one moment: a read-only snapshot. Page by page, so
 * that memory does not grow with the books.
 */
import type { Interpret } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { accountCheck } from './account-check.ts';
import { createAuthorizationCheck } from './authorization-check.ts';
import { cardCheck } from './card-check.ts';
import { entryCheck } from './entry-check.ts';
import { createEventCheck } from './event-check.ts';
import type { Difference, LedgerCheck } from './ledger-check.ts';
import { createPostingCheck } from './posting-check.ts';
import { spendingCheck } from './spending-check.ts';
import { transactionCheck } from './transaction-check.ts';

export type { Difference } from './ledger-check.ts';

export interface VerifyOptions {
  readonly interpret: Interpret;
  readonly nowS: number;
  /** Looks no further after so many differences. */
  readonly differencesMax: number;
  /** Told after each page how many rows of which kind were looked at. */
  readonly onProgress?: (rows: string, count: number) => void;
}

export interface Verification {
  readonly differences: readonly Difference[];
  /** Rows looked at, by kind, in the order of the checks. */
  readonly counts: readonly { readonly rows: string; readonly count: number }[];
}

export async function verifyLedger(sql: Sql, options: VerifyOptions): Promise<Verification> {
  return sql.begin('isolation level repeatable read read only', (tx) => runChecks(tx, options));
}

/** Within a transaction of the caller, whose snapshot should not move. */
export async function runChecks(tx: Transaction, options: VerifyOptions): Promise<Verification> {
  const { differencesMax, onProgress } = options;
  const checks: readonly LedgerCheck[] = [
    accountCheck,
    createAuthorizationCheck(options.nowS),
    transactionCheck,
    entryCheck,
    createPostingCheck(),
    createEventCheck(options.interpret),
    cardCheck,
    spendingCheck,
  ];
  const counts: Verification['counts'][number][] = [];
  const differences: Difference[] = [];
  for (const check of checks) {
    let count = 0;
    for (let after: string | null = check.start; after !== null; ) {
      const page = await check.page(tx, after);
      count += page.rows;
      after = page.last;
      differences.push(...page.differences);
      onProgress?.(check.rows, count);
      if (differences.length >= differencesMax) {
        return {
          differences: differences.slice(0, differencesMax),
          counts: [...counts, { rows: check.rows, count }],
        };
      }
    }
    counts.push({ rows: check.rows, count });
  }
  return { differences, counts };
}
