/** A statement: an opening balance, lines that each move it, and a closing balance that they lead to. */
import { invariant } from './invariant.ts';
import { add, type MinorUnits } from './money.ts';

/** What moves the balance of an account, which is what is available and what is held together. */
export interface BalanceMove {
  readonly entryId: string;
  /** Signed: what comes in is positive. */
  readonly amountMinor: MinorUnits;
  /** The balance after it. */
  readonly balanceMinor: MinorUnits;
}

/**
 * Makes one line of the postings of one entry, e.g. of a capture that took what was held and the rest from what
 * was available. A line carries all else of its last posting.
 */
export function toLines<T extends BalanceMove>(moves: readonly T[]): readonly T[] {
  const lines: T[] = [];
  for (const move of moves) {
    const before = lines.at(-1);
    if (before?.entryId !== move.entryId) {
      lines.push(move);
      continue;
    }
    const amountMinor = add(before.amountMinor, move.amountMinor);
    lines.splice(-1, 1, { ...move, amountMinor });
  }
  return lines;
}

/** Checks that the lines lead from the balance step by step to the last, which is `closing` unless more follow. */
export function checkLines(
  opening: MinorUnits,
  lines: readonly BalanceMove[],
  closing: MinorUnits | null,
): void {
  let balance = opening;
  for (const { amountMinor, balanceMinor, entryId } of lines) {
    balance = add(balance, amountMinor);
    invariant(balance === balanceMinor, `entry ${entryId} does not lead to the balance after it`);
  }
  invariant(
    closing === null || balance === closing,
    `a statement ends at ${balance} and not at its closing balance ${closing}`,
  );
}
