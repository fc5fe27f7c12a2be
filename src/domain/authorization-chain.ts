/**
 * One purchase as one chain: every request, ours and those that were answered without us, with the answer and our
 * decision beside each other, and its clearing records. A formula over what is stored, so that the order of arrival
 * does not show in it; the movements of the hold, which tell of that order, are no part of it.
 */
import { approvedTotal } from './authorization-flags.ts';
import {
  byTime,
  type HistoryEntry,
  latestViews,
  type NewestSnapshots,
  type ObservedTransaction,
} from './authorization-state.ts';
import {
  answersShown,
  type Evidence,
  type RecordedDecision,
  settledRequests,
  shownBy,
} from './confirmation.ts';
import { add, type MinorUnits, ZERO } from './money.ts';
import { surplusOf } from './surplus.ts';

export type ClearingRecord = Pick<
  ObservedTransaction,
  'transactionId' | 'type' | 'amountMinor' | 'createdS'
>;

/** What is stored of one purchase; decisions and clearing records may carry more than is looked at here. */
export interface Purchase<
  D extends RecordedDecision = RecordedDecision,
  B extends ClearingRecord = ClearingRecord,
> {
  readonly newest: NewestSnapshots;
  readonly evidence: Evidence;
  readonly decisions: readonly D[];
  readonly booked: readonly B[];
}

export interface ChainRequest<D> {
  /** Stripe's time of the request, in seconds. */
  readonly atS: number;
  /** Our answer; null when we were not asked, or what we answered was never recorded. */
  readonly decision: D | null;
  /** What the decision set aside: the amount and its surplus. */
  readonly heldMinor: MinorUnits;
  /** A view has shown it answered, or ended without it; until then an approval of ours adds to the hold. */
  readonly confirmed: boolean;
  /** How it was answered, by Stripe's account; null while no view has shown it. */
  readonly answer: HistoryEntry | null;
}

export interface AuthorizationChain<D, B> {
  /** By the newest view; before there is one, by our decisions. */
  readonly approved: boolean;
  /** Approved in total by anybody: what views have shown, and approvals of ours that none has shown yet. */
  readonly approvedMinor: MinorUnits;
  /** In order of time. */
  readonly requests: readonly ChainRequest<D>[];
  /** Captures and refunds, each once, in order of time. */
  readonly transactions: readonly B[];
}

export function authorizationChain<D extends RecordedDecision, B extends ClearingRecord>(
  purchase: Purchase<D, B>,
): AuthorizationChain<D, B> {
  const { newest, evidence, decisions, booked } = purchase;
  const settled = settledRequests(decisions, evidence, newest);
  const waiting = decisions.filter((d) => d.approved && !settled.has(d.requestId));
  return {
    approved: latestViews(newest)[0]?.approved ?? decisions.some((d) => d.approved),
    approvedMinor: add(approvedTotal(purchase), ...waiting.map((d) => d.approvedMinor)),
    requests: requestsOf(purchase),
    transactions: booked.toSorted(byTime),
  };
}

function requestsOf<D extends RecordedDecision>({
  newest,
  evidence,
  decisions,
}: Purchase<D>): readonly ChainRequest<D>[] {
  const shown = shownBy(evidence, newest);
  const settled = settledRequests(decisions, evidence, newest);
  const answers = answersShown(decisions, shown);
  const answered = new Set(answers.values());
  const inOrder = decisions.toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1));
  const own = inOrder.map((decision) => ({
    atS: decision.requestedS,
    decision,
    heldMinor: heldBy(decision),
    confirmed: settled.has(decision.requestId),
    answer: answers.get(decision.requestId) ?? null,
  }));
  const others = shown.history
    .filter((entry) => !answered.has(entry))
    .map((answer) => ({
      atS: answer.createdS,
      decision: null,
      heldMinor: ZERO,
      confirmed: true,
      answer,
    }));
  // Requests of one second are told apart by their place in the history; what it does not show comes last, by id.
  const place = ({ answer }: ChainRequest<D>): number =>
    answer === null ? shown.history.length : shown.history.indexOf(answer);
  return [...own, ...others].toSorted((a, b) => a.atS - b.atS || place(a) - place(b));
}

function heldBy({ approved, approvedMinor, surplus }: RecordedDecision): MinorUnits {
  return approved ? add(approvedMinor, surplusOf(surplus, approvedMinor)) : ZERO;
}
