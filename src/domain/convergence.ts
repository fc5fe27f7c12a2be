/**
 * Converge by state, not by event: given what is stored of one authorization and what has newly been seen of
 * it, the entries that bring the books to where everything known says they belong. Any order and any repetition
 * of the same views ends in the same books; a capture is booked with the first thing that mentions it, in the
 * same step, so a closing snapshot never frees money that its capture will take.
 */
import {
  type AuthorizationSnapshot,
  type AuthorizationStatus,
  latestViews,
  mergeSnapshot,
  type NewestSnapshots,
  type ObservedTransaction,
} from './authorization-state.ts';
import {
  confirmedRequests,
  type Evidence,
  mergeEvidence,
  type RecordedDecision,
  shownBy,
} from './confirmation.ts';
import { type Booked, type CapturedAmountReading, type Hold, holdOf } from './hold.ts';
import type { AuthorizationId, TransactionId } from './ids.ts';
import { adjustHold, capturePostings, type JournalEntry, move } from './ledger.ts';
import { add, type MinorUnits, subtract, ZERO } from './money.ts';

/** A clearing record that is on the books. */
export interface BookedTransaction extends Booked {
  readonly transactionId: TransactionId;
}

/** What is stored of one authorization. */
export interface AuthorizationRecord {
  readonly authorizationId: AuthorizationId;
  readonly newest: NewestSnapshots;
  readonly evidence: Evidence;
  readonly heldMinor: MinorUnits;
  readonly decisions: readonly RecordedDecision[];
  readonly booked: readonly BookedTransaction[];
}

export interface Sightings {
  readonly snapshots: readonly AuthorizationSnapshot[];
  /** Transactions of this authorization, from their own events or listed whole in a snapshot. */
  readonly transactions: readonly ObservedTransaction[];
}

export const AUTHORIZATION_FLAGS = [
  'adopted',
  'approved_against_decision',
  'over_captured',
  'captured_after_reversal',
  'captured_while_declined',
] as const;
export type AuthorizationFlag = (typeof AUTHORIZATION_FLAGS)[number];

export interface Convergence {
  readonly newest: NewestSnapshots;
  readonly evidence: Evidence;
  readonly status: AuthorizationStatus;
  readonly hold: Hold;
  readonly capturedMinor: MinorUnits;
  readonly refundedMinor: MinorUnits;
  /** Whether it is a purchase at all: approved by anybody, or captured. */
  readonly isPurchase: boolean;
  readonly flags: readonly AuthorizationFlag[];
  /** Request ids of decisions that no longer add to the hold. */
  readonly confirmed: readonly string[];
  /** Transactions booked now, in the order of their entries. */
  readonly newTransactions: readonly ObservedTransaction[];
  readonly entries: readonly JournalEntry[];
}

/** Where everything known about one authorization leads. Pure; `nowS` only dates the entries that have no date. */
export function converge(
  record: AuthorizationRecord,
  sightings: Sightings,
  options: { readonly reading: CapturedAmountReading; readonly nowS: number },
): Convergence {
  const newest = sightings.snapshots.reduce(mergeSnapshot, record.newest);
  const evidence = sightings.snapshots.reduce(mergeEvidence, record.evidence);
  const newTransactions = unbooked(record.booked, sightings.transactions);

  const entries: JournalEntry[] = [];
  let heldMinor = record.heldMinor;
  for (const transaction of newTransactions) {
    const booked = bookTransaction(transaction, heldMinor);
    entries.push(booked.entry);
    heldMinor = subtract(heldMinor, booked.fromHeldMinor);
  }

  const booked = [...record.booked, ...newTransactions];
  const captures = booked.filter((transaction) => transaction.type === 'capture');
  const { decisions } = record;
  const hold = holdOf({ newest, decisions, evidence, booked, reading: options.reading });
  const postings = adjustHold(heldMinor, hold.heldMinor);
  if (postings.length > 0) {
    entries.push({
      kind: hold.heldMinor > heldMinor ? 'hold' : 'release',
      authorizationId: record.authorizationId,
      transactionId: null,
      effectiveS: latestViews(newest)[0]?.rank.atS ?? options.nowS,
      postings,
    });
  }
  const totals = { newest, decisions, evidence, capturedMinor: sum(captures) };
  return {
    newest,
    evidence,
    status: latestViews(newest)[0]?.status ?? 'pending',
    hold,
    capturedMinor: totals.capturedMinor,
    refundedMinor: sum(booked.filter((transaction) => transaction.type === 'refund')),
    isPurchase:
      captures.length > 0 ||
      decisions.some((decision) => decision.approved) ||
      shownBy(evidence, newest).history.some((entry) => entry.approved),
    flags: flagsOf(totals),
    confirmed: [...confirmedRequests(decisions, shownBy(evidence, newest))],
    newTransactions,
    entries,
  };
}

const sum = (transactions: readonly { readonly amountMinor: MinorUnits }[]): MinorUnits =>
  add(...transactions.map((transaction) => transaction.amountMinor));

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
  return [...fresh.values()].toSorted(
    (a, b) => a.createdS - b.createdS || (a.transactionId < b.transactionId ? -1 : 1),
  );
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

/** What a person should know of this authorization; follows from what is known, not from the way there. */
function flagsOf(input: {
  readonly newest: NewestSnapshots;
  readonly decisions: readonly RecordedDecision[];
  readonly evidence: Evidence;
  readonly capturedMinor: MinorUnits;
}): readonly AuthorizationFlag[] {
  const view = latestViews(input.newest)[0];
  if (view === undefined) return [];
  const approvedTotal = add(
    ...input.evidence.history.filter((h) => h.approved).map((h) => h.amountMinor),
  );
  const approvedByUs = input.decisions.some((decision) => decision.approved);
  const declinedByUs = input.decisions.some((decision) => !decision.approved);
  const captured = input.capturedMinor > 0;
  const flags: readonly [AuthorizationFlag, boolean][] = [
    ['adopted', view.approved && !approvedByUs && !declinedByUs],
    ['approved_against_decision', view.approved && !approvedByUs && declinedByUs],
    ['over_captured', view.approved && input.capturedMinor > approvedTotal],
    ['captured_after_reversal', view.approved && view.status === 'reversed' && captured],
    ['captured_while_declined', !view.approved && captured],
  ];
  return flags.filter(([, raised]) => raised).map(([flag]) => flag);
}
