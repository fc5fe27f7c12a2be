/**
 * Journal entries as values. A posting moves a positive amount from the debit side to the credit side, so an
 * entry balances by construction; a balance is credits less debits.
 *
 * | case | postings |
 * | --- | --- |
 * | credit, debit | funding → available, and back |
 * | hold, release | available → held, held → available |
 * | capture | held → network_settlement for what is held, available → network_settlement for the rest |
 * | capture for an unknown card | suspense → network_settlement |
 * | refund | network_settlement → available; for an unknown card: network_settlement → suspense |
 */
import type { AuthorizationId, TransactionId } from './ids.ts';
import { type MinorUnits, smaller, subtract, ZERO } from './money.ts';

export const LEDGER_KINDS = [
  'available',
  'held',
  'funding',
  'network_settlement',
  'dispute_receivable',
  'losses',
  'fees',
  'suspense',
] as const;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export interface Posting {
  readonly debit: LedgerKind;
  readonly credit: LedgerKind;
  /** Greater than zero. */
  readonly amountMinor: MinorUnits;
}

export const ENTRY_KINDS = [
  'credit',
  'debit',
  'transfer',
  'hold',
  'release',
  'capture',
  'refund',
  'suspense_resolution',
  'correction',
] as const;

export interface JournalEntry {
  readonly kind: (typeof ENTRY_KINDS)[number];
  readonly authorizationId: AuthorizationId | null;
  readonly transactionId: TransactionId | null;
  /** When it happened for the customer, in seconds; may lie in the past. */
  readonly effectiveS: number;
  readonly postings: readonly Posting[];
}

/** A posting as a list: none when there is nothing to move. */
export const move = (
  debit: LedgerKind,
  credit: LedgerKind,
  amountMinor: MinorUnits,
): readonly Posting[] => (amountMinor > 0 ? [{ debit, credit, amountMinor }] : []);

/** The postings of a capture: what is held is taken first, the rest from available, whether it is there or not. */
export function capturePostings(
  amountMinor: MinorUnits,
  heldMinor: MinorUnits,
): { readonly postings: readonly Posting[]; readonly fromHeldMinor: MinorUnits } {
  const fromHeldMinor = smaller(amountMinor, heldMinor);
  const rest = subtract(amountMinor, fromHeldMinor);
  return {
    fromHeldMinor,
    postings: [
      ...move('held', 'network_settlement', fromHeldMinor),
      ...move('available', 'network_settlement', rest),
    ],
  };
}

/** The postings that bring `held` from one amount to another. */
export const adjustHold = (from: MinorUnits, to: MinorUnits): readonly Posting[] =>
  to > from
    ? move('available', 'held', subtract(to, from))
    : move('held', 'available', subtract(from, to));

/** Net change of one ledger account by a list of postings. */
export const netOf = (postings: readonly Posting[], kind: LedgerKind): number =>
  postings.reduce(
    (sum, p) =>
      sum + (p.credit === kind ? p.amountMinor : 0) - (p.debit === kind ? p.amountMinor : 0),
    ZERO as number,
  );
