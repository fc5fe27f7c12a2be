/**
 * Converge by state, not by event: given what is stored of one authorization and what has newly been seen of
 * it, the entries that bring the books to where everything known says they belong. Any order and any repetition
 * of the same views ends in the same books; a capture is booked with the first thing that mentions it, in the
 * same step, so a closing snapshot never frees money that its capture will take.
 */

import { type AuthorizationFlag, clearedTotal, flagsOf } from './authorization-flags.ts';
import {
  type AuthorizationSnapshot,
  type AuthorizationStatus,
  byTime,
  latestViews,
  mergeSnapshot,
  type NewestSnapshots,
  type ObservedTransaction,
} from './authorization-state.ts';
import {
  type Confirmation,
  type Evidence,
  mergeEvidence,
  type RecordedDecision,
  settledRequests,
  shownBy,
} from './confirmation.ts';
import { type Booked, type CapturedAmountReading, type Hold, holdOf } from './hold.ts';
import type { AuthorizationId, TransactionId } from './ids.ts';
import { adjustHold, capturePostings, type JournalEntry, move } from './ledger.ts';
import { type MinorUnits, subtract, ZERO } from './money.ts';

/** A clearing record that is on the books. */
export interface BookedTransaction extends Booked {
  readonly transactionId: TransactionId;
}

/** What is known of one authorization, beside its clearing records. */
export interface AuthorizationRecord {
  readonly authorizationId: AuthorizationId;
  readonly newest: NewestSnapshots;
  readonly evidence: Evidence;
  readonly heldMinor: MinorUnits;
  readonly decisions: readonly RecordedDecision[];
}

export interface ConvergenceInput {
  readonly record: AuthorizationRecord;
  /** Clearing records of it that are on the books. */
  readonly booked: readonly BookedTransaction[];
  /** What was newly seen of it; clearing records from their own events, or listed whole in a view. */
  readonly snapshots: readonly AuthorizationSnapshot[];
  readonly transactions: readonly ObservedTransaction[];
  readonly reading: CapturedAmountReading;
  /** Dates the entries that have no date of their own, and ends what is held for a time, in seconds. */
  readonly nowS: number;
}

export interface Convergence {
  readonly newest: NewestSnapshots;
  readonly evidence: Evidence;
  readonly status: AuthorizationStatus;
  readonly hold: Hold;
  readonly capturedMinor: MinorUnits;
  readonly refundedMinor: MinorUnits;
  /** Whether it is a purchase at all: approved for an amount by anybody, or captured. */
  readonly isPurchase: boolean;
  readonly flags: readonly AuthorizationFlag[];
  readonly confirmations: readonly Confirmation[];
  /** Transactions booked now, in the order of their entries. */
  readonly newTransactions: readonly ObservedTransaction[];
  readonly entries: readonly JournalEntry[];
}

/** Where everything known about one authorization leads. Pure. */
export function converge(input: ConvergenceInput): Convergence {
  const { record, reading, nowS } = input;
  const { decisions } = record;
  const newest = input.snapshots.reduce(mergeSnapshot, record.newest);
  const evidence = input.snapshots.reduce(mergeEvidence, record.evidence);
  const newTransactions = unbooked(input.booked, input.transactions);
  const booked = [...input.booked, ...newTransactions];

  const { entries, heldMinor } = bookAll(newTransactions, record.heldMinor);
  const hold = holdOf({ newest, decisions, evidence, booked, reading, nowS });
  const postings = adjustHold(heldMinor, hold.heldMinor);
  const [view] = latestViews(newest);
  if (postings.length > 0) {
    entries.push({
      kind: hold.heldMinor > heldMinor ? 'hold' : 'release',
      authorizationId: record.authorizationId,
      transactionId: null,
      effectiveS: view?.rank.atS ?? nowS,
      postings,
    });
  }
  return {
    newest,
    evidence,
    status: view?.status ?? 'pending',
    hold,
    capturedMinor: clearedTotal(booked, 'capture'),
    refundedMinor: clearedTotal(booked, 'refund'),
    isPurchase:
      booked.some((transaction) => transaction.type === 'capture') ||
      decisions.some((decision) => decision.approvedMinor > 0) ||
      shownBy(evidence, newest).history.some((entry) => entry.approved && entry.amountMinor > 0),
    flags: flagsOf({ newest, decisions, evidence, booked }),
    confirmations: confirmationsOf(decisions, settledRequests(decisions, evidence, newest)),
    newTransactions,
    entries,
  };
}

/** What is not stored like this. An answer that Stripe shows may turn out to be another decision's. */
const confirmationsOf = (
  decisions: readonly RecordedDecision[],
  settled: ReadonlySet<string>,
): readonly Confirmation[] =>
  decisions
    .map(({ requestId, isSettled = false }) => ({
      requestId,
      isConfirmed: settled.has(requestId),
      isKnown: settled.has(requestId) === isSettled,
    }))
    .filter(({ isKnown }) => !isKnown)
    .map(({ requestId, isConfirmed }) => ({ requestId, isConfirmed }));

/** The entries of clearing records, each taking what is still held first. */
function bookAll(
  transactions: readonly ObservedTransaction[],
  held: MinorUnits,
): { readonly entries: JournalEntry[]; readonly heldMinor: MinorUnits } {
  const entries: JournalEntry[] = [];
  let heldMinor = held;
  for (const transaction of transactions) {
    const booked = bookTransaction(transaction, heldMinor);
    entries.push(booked.entry);
    heldMinor = subtract(heldMinor, booked.fromHeldMinor);
  }
  return { entries, heldMinor };
}

/** Transactions not on the books yet, each once, in a fixed order. */
function unbooked(
  booked: readonly BookedTransaction[],
  seen: readonly ObservedTransaction[],
): readonly ObservedTransaction[] {
  const known = new Set<string>(booked.map((transaction) => transaction.transactionId));
  const fresh = new Map<string, ObservedTransaction>();
  for (const transaction of seen) {
    if (!known.has(transaction.transactionId)) fresh.set(transaction.transactionId, transaction);
  }
  return [...fresh.values()].toSorted(byTime);
}

/** The entry of one clearing record for a known account, given what is held for its authorization. */
export function bookTransaction(
  transaction: ObservedTransaction,
  heldMinor: MinorUnits,
): { readonly entry: JournalEntry; readonly fromHeldMinor: MinorUnits } {
  const { type, transactionId, authorizationId, createdS, amountMinor } = transaction;
  const base = { kind: type, transactionId, authorizationId, effectiveS: createdS } as const;
  if (type === 'refund') {
    const postings = move('network_settlement', 'available', amountMinor);
    return { entry: { ...base, postings }, fromHeldMinor: ZERO };
  }
  const { postings, fromHeldMinor } = capturePostings(amountMinor, heldMinor);
  return { entry: { ...base, postings }, fromHeldMinor };
}

/** The entry of a clearing record whose card nobody knows yet: it waits in `suspense`. */
export function bookInSuspense(transaction: ObservedTransaction): JournalEntry {
  const { type, transactionId, createdS, amountMinor } = transaction;
  const postings =
    type === 'capture'
      ? move('suspense', 'network_settlement', amountMinor)
      : move('network_settlement', 'suspense', amountMinor);
  return { kind: type, transactionId, authorizationId: null, effectiveS: createdS, postings };
}
