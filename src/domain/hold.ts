/**
 * How much is held for an authorization: a formula over what is known, never a running tally, so that any order
 * of events ends at the same hold. The decision function in SQL follows the same formula.
 */
import {
  type AuthorizationSnapshot,
  latestViews,
  type NewestSnapshots,
} from './authorization-state.ts';
import { type Evidence, type RecordedDecision, settledRequests } from './confirmation.ts';
import { add, atLeastZero, larger, type MinorUnits, smaller, subtract, ZERO } from './money.ts';
import { surplusOf } from './surplus.ts';

/** Whether Stripe's `amount` of a partly captured authorization shrinks by captures or stays: undocumented. */
export type CapturedAmountReading = 'unknown' | 'shrinks' | 'stays';

/** A clearing record that is on the books. */
export interface Booked {
  readonly transactionId: string;
  readonly type: 'capture' | 'refund';
  readonly amountMinor: MinorUnits;
  readonly createdS: number;
}

export interface HoldInput {
  readonly newest: NewestSnapshots;
  readonly decisions: readonly RecordedDecision[];
  readonly evidence: Evidence;
  /** All clearing records of this authorization that are on the books. */
  readonly booked: readonly Booked[];
  readonly reading: CapturedAmountReading;
  /** A fuel surplus lapses with time. */
  readonly nowS: number;
}

export interface Hold {
  /** What should stay in `held`. */
  readonly heldMinor: MinorUnits;
  /** What the purchase counts towards spending limits: what may still be captured and what was. */
  readonly countedMinor: MinorUnits;
}

/** The hold that everything known justifies. */
export function holdOf(input: HoldInput): Hold {
  const views = latestViews(input.newest);
  const settled = settledRequests(input.decisions, input.evidence, input.newest);
  const pending = input.decisions
    .filter((d) => d.approved && !settled.has(d.requestId))
    .toSorted((a, b) => a.requestedS - b.requestedS)
    .map((d) => d.approvedMinor);
  const captures = input.booked.filter((transaction) => transaction.type === 'capture');
  const captured = sum(captures.map((capture) => capture.amountMinor));
  // A capture may be above what was left and older than an increment, so it frees nothing of what came later.
  const [first = ZERO, ...later] = pending;
  const unseen = add(atLeastZero(subtract(first, captured)), ...later);
  const left = views
    .map((view) => {
      const listed = new Set<string>(view.captures.map((capture) => capture.transactionId));
      const unlisted = captures.filter((capture) => !listed.has(capture.transactionId));
      const newer = sum(unlisted.map((capture) => capture.amountMinor));
      return add(atLeastZero(subtract(snapshotLeaves(view, input), newer)), ...pending);
    })
    // No view leaves less than this: all that is pending comes on top of each.
    .reduce(larger, unseen);
  return {
    heldMinor: add(left, surplusLeft(input, left)),
    countedMinor: add(left, captured),
  };
}

const sum = (amounts: readonly MinorUnits[]): MinorUnits => add(...amounts);

/** What one snapshot leaves to be captured, by its own account. */
function snapshotLeaves(
  snapshot: AuthorizationSnapshot,
  { booked, evidence, reading }: HoldInput,
): MinorUnits {
  if (!snapshot.approved) return ZERO;
  const known = new Map(booked.map((transaction) => [transaction.transactionId, transaction]));
  const listed = snapshot.captures.map(({ transactionId, amountMinor }) => {
    if (amountMinor !== null) return amountMinor;
    // Shown by id only: what it is, is known once it is on the books. Refunds do not enter.
    const transaction = known.get(transactionId);
    if (transaction === undefined) return null;
    return transaction.type === 'capture' ? transaction.amountMinor : ZERO;
  });
  const listedSum = sum(listed.map((amount) => amount ?? ZERO));
  const approvals = snapshot.history.filter((h) => h.approved).map((h) => h.amountMinor);
  // A final amount, as of a fuel pump, raises what was approved without an entry in the history.
  const approvedTotal = larger(sum(approvals), evidence.authorizedMinor);
  // A capture above the hold takes all that was approved by then, so of what was approved later nothing is captured.
  const first = larger(approvals[0] ?? ZERO, evidence.authorizedMinor);
  const later = subtract(approvedTotal, first);
  // A capture of unknown amount will take its part of the hold, so nothing is freed before it is booked.
  if (listed.includes(null)) return larger(subtract(approvedTotal, listedSum), later);
  if (snapshot.status !== 'pending') return ZERO;
  const { amountMinor } = snapshot;
  // Negative when more was captured than its amount; then what was approved later is left, as far as it is shown.
  const ifItStays = larger(subtract(amountMinor, listedSum), smaller(amountMinor, later));
  if (reading === 'stays') return ifItStays;
  if (reading === 'shrinks') return amountMinor;
  // More than was ever approved cannot be left: then the amount did not shrink. Otherwise both readings fit
  // (a partial reversal may be among them), and the larger hold is the safe one.
  return amountMinor + listedSum > approvedTotal ? ifItStays : amountMinor;
}

/** The surplus on what is left: by the largest rule, but never more than the decisions together have checked. */
function surplusLeft(input: HoldInput, left: MinorUnits): MinorUnits {
  if (left === ZERO) return ZERO;
  const approvals = input.decisions.filter((decision) => decision.approved);
  const checked = sum(approvals.map((d) => surplusOf(d.surplus, d.approvedMinor)));
  const wanted = approvals
    .map(({ surplus, approvedMinor }) => {
      if (surplus.kind !== 'fuel') return surplusOf(surplus, left);
      // The true amount is known once a capture came or the amount is no longer the status check's.
      const isKnown = input.booked.length > 0 || left !== approvedMinor;
      return isKnown || input.nowS >= surplus.validUntilS ? ZERO : surplusOf(surplus, left);
    })
    .reduce(larger, ZERO);
  return smaller(wanted, checked);
}
