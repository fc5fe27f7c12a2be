/** What a check of the books is made of: pages, so that books of any size are looked at with little memory. */
import type { Transaction } from '../pool.ts';

/** Something in the books that is not what the postings, snapshots and events say it should be. */
export interface Difference {
  /** The row and what of it, e.g. `account acc_1: available balance`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export interface CheckedPage {
  readonly rows: number;
  /** Where the next page begins; null at the end. */
  readonly last: string | null;
  /** In the order of the rows. */
  readonly differences: readonly Difference[];
}

export interface LedgerCheck {
  /** The rows in words, for progress and summary. */
  readonly rows: string;
  /** The place before the first row. */
  readonly start: string;
  page(tx: Transaction, after: string): Promise<CheckedPage>;
}

/** Any value in words; what is not there is `nothing`. */
export type Shown = string | number | boolean | null | undefined;

const words = (value: Shown): string =>
  value === null || value === undefined ? 'nothing' : String(value);

/** The differences among pairs of `[what, expected, found]`. */
export function differences(
  subject: string,
  pairs: readonly (readonly [what: string, expected: Shown, found: Shown])[],
): readonly Difference[] {
  return pairs
    .map(([what, expected, found]) => ({
      what: `${subject}: ${what}`,
      expected: words(expected),
      found: words(found),
    }))
    .filter(({ expected, found }) => expected !== found);
}

/** A page of rows with ids: the next one begins after the last. */
export function pageOfRows(
  rows: readonly { readonly id: string }[],
  rowsMax: number,
  found: readonly Difference[],
): CheckedPage {
  const last = rows.length < rowsMax ? null : (rows.at(-1)?.id ?? null);
  return { rows: rows.length, last, differences: found };
}
