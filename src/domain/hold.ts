/**
 * How much is held for an authorization: a formula over what is known, never a running tally, so that any order
 * of events ends at the same hold. The decision function in SQL follows the same formula.
 */
import {
  type AuthorizationSnapshot,
  isTied,
  latestViews,
  type NewestSnapshots,
} from './authorization-state.ts';
import { CONFIRMATION_WINDOW_S } from './limits.ts';
import {
  add,
  atLeastZero,
  larger,
  type MinorUnits,
  shareRoundedUp,
  subtract,
  ZERO,
} from './money.ts';

/** What is held on top of the amount, as a rule stored with the decision. */
export type SurplusRule =
  | { readonly kind: 'none' }
  /** Foreign currency: a share of what is left, because the final amount is known at capture only. */
  | { readonly kind: 'margin'; readonly basisPoints: number }
  /** Fuel status check: the configured amount is held until the pump reports the true one. */
  | { readonly kind: 'fuel'; readonly holdMinor: MinorUnits };

/** Whether Stripe's `amount` of a partly captured authorization shrinks by captures or stays: undocumented. */
export type CapturedAmountReading = 'unknown' | 'shrinks' | 'stays';

export interface RecordedDecision {
  readonly requestId: string;
  readonly approved: boolean;
  readonly approvedMinor: MinorUnits;
  readonly surplus: SurplusRule;
  /** Stripe's time of the request, in seconds. */
  readonly requestedS: number;
}

export interface BookedCapture {
  readonly transactionId: string;
  readonly amountMinor: MinorUnits;
}

/** What snapshots have shown of the answers to our requests; it only grows. */
export interface Evidence {
  readonly metadataKeys: readonly string[];
  readonly history: AuthorizationSnapshot['history'];
}

export const NO_EVIDENCE: Evidence = { metadataKeys: [], history: [] };

/** Adds what a snapshot shows. Histories only grow, so the longer one holds all of the shorter. */
export function mergeEvidence(evidence: Evidence, snapshot: AuthorizationSnapshot): Evidence {
  const keys = new Set([...evidence.metadataKeys, ...snapshot.metadataKeys]);
  const longer =
    snapshot.history.length > evidence.history.length ? snapshot.history : evidence.history;
  return { metadataKeys: [...keys].toSorted(), history: longer };
}

/**
 * The decisions that snapshots have shown: by the metadata key of their request, else by an entry of the request
 * history of that amount within two seconds, each entry used once.
 */
export function confirmedRequests(
  decisions: readonly RecordedDecision[],
  evidence: Evidence,
): ReadonlySet<string> {
  const keys = new Set(evidence.metadataKeys);
  const inOrder = decisions.toSorted(
    (a, b) => a.requestedS - b.requestedS || (a.requestId < b.requestId ? -1 : 1),
  );
  const confirmed = new Set(inOrder.filter((d) => keys.has(d.requestId)).map((d) => d.requestId));
  const unused = [...evidence.history];
  // Decisions known by key use up their entry first, so that it cannot confirm a second one.
  const byKeyFirst = [
    ...inOrder.filter((d) => confirmed.has(d.requestId)),
    ...inOrder.filter((d) => !confirmed.has(d.requestId)),
  ];
  for (const decision of byKeyFirst) {
    const index = unused.findIndex(
      (entry) =>
        entry.amountMinor === decision.approvedMinor &&
        Math.abs(entry.createdS - decision.requestedS) <= CONFIRMATION_WINDOW_S,
    );
    if (index < 0) continue;
    unused.splice(index, 1);
    confirmed.add(decision.requestId);
  }
  return confirmed;
}

/** What one snapshot leaves to be captured, by its own account. `booked` gives amounts of captures shown by id only. */
export function snapshotLeaves(
  snapshot: AuthorizationSnapshot,
  reading: CapturedAmountReading,
  booked: readonly BookedCapture[] = [],
): MinorUnits {
  if (!snapshot.approved) return ZERO;
  const amounts = new Map(booked.map((capture) => [capture.transactionId, capture.amountMinor]));
  const listed = snapshot.captures.map(
    (capture) => capture.amountMinor ?? amounts.get(capture.transactionId) ?? null,
  );
  const listedSum = add(...listed.map((amount) => amount ?? ZERO));
  const approvedTotal = add(
    ...snapshot.history.filter((h) => h.approved).map((h) => h.amountMinor),
  );
  // A capture of unknown amount will take its part of the hold, so nothing is freed before it is booked.
  if (listed.includes(null)) return atLeastZero(subtract(approvedTotal, listedSum));
  if (snapshot.status !== 'pending') return ZERO;
  const ifItStays = atLeastZero(subtract(snapshot.amountMinor, listedSum));
  if (reading === 'stays') return ifItStays;
  if (reading === 'shrinks') return snapshot.amountMinor;
  // More than was ever approved cannot be left: then the amount did not shrink. Otherwise both readings fit
  // (a partial reversal may be among them), and the larger hold is the safe one.
  return snapshot.amountMinor + listedSum > approvedTotal ? ifItStays : snapshot.amountMinor;
}

export interface HoldInput {
  readonly newest: NewestSnapshots;
  readonly decisions: readonly RecordedDecision[];
  readonly evidence: Evidence;
  /** All captures of this authorization that are on the books. */
  readonly captures: readonly BookedCapture[];
  readonly reading: CapturedAmountReading;
}

export interface Hold {
  /** What should stay in `held`. */
  readonly heldMinor: MinorUnits;
  /** What the purchase counts towards spending limits: what may still be captured and what was. */
  readonly countedMinor: MinorUnits;
  /** Snapshots of one rank contradict each other: the object is to be fetched. */
  readonly tied: boolean;
}

/** The hold that everything known justifies. */
export function holdOf(input: HoldInput): Hold {
  const views = latestViews(input.newest);
  const confirmed = confirmedRequests(input.decisions, input.evidence);
  const pendingApprovals = add(
    ...input.decisions
      .filter((d) => d.approved && !confirmed.has(d.requestId))
      .map((d) => d.approvedMinor),
  );
  const captured = add(...input.captures.map((capture) => capture.amountMinor));
  const lefts = views.map((view) => {
    const listed = new Set(view.captures.map((capture) => String(capture.transactionId)));
    const unlisted = input.captures.filter((capture) => !listed.has(capture.transactionId));
    const newer = add(...unlisted.map((capture) => capture.amountMinor));
    return atLeastZero(
      subtract(add(snapshotLeaves(view, input.reading, input.captures), pendingApprovals), newer),
    );
  });
  const left =
    lefts.length > 0
      ? lefts.reduce((a, b) => larger(a, b))
      : atLeastZero(subtract(pendingApprovals, captured));
  const surplus = surplusOf(input, left);
  return {
    heldMinor: add(left, surplus),
    countedMinor: add(left, captured),
    tied: isTied(views),
  };
}

function surplusOf(input: HoldInput, left: MinorUnits): MinorUnits {
  if (left === ZERO) return ZERO;
  const surpluses = input.decisions
    .filter((decision) => decision.approved)
    .map((decision) => surplusFor(decision.surplus, left, decision, input));
  return surpluses.reduce((a, b) => larger(a, b), ZERO);
}

function surplusFor(
  rule: SurplusRule,
  left: MinorUnits,
  decision: RecordedDecision,
  input: HoldInput,
): MinorUnits {
  switch (rule.kind) {
    case 'none':
      return ZERO;
    case 'margin':
      return shareRoundedUp(left, rule.basisPoints);
    case 'fuel': {
      // The true amount is known once a capture came or the amount is no longer the status check's.
      const known = input.captures.length > 0 || left !== decision.approvedMinor;
      return known ? ZERO : atLeastZero(subtract(rule.holdMinor, left));
    }
  }
}
