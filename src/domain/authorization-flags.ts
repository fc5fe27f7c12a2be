/**
 * What a person should know of an authorization. Flags follow from what is known, never from the way there, so any
 * order of events ends at the same flags; one that was raised too early goes when the missing piece arrives.
 */
import {
  type AuthorizationSnapshot,
  isTied,
  latestViews,
  type NewestSnapshots,
} from './authorization-state.ts';
import { type Evidence, type RecordedDecision, shownBy } from './confirmation.ts';
import type { Booked } from './hold.ts';
import { add, larger, type MinorUnits, subtract } from './money.ts';
import { surplusOf } from './surplus.ts';

export const AUTHORIZATION_FLAGS = [
  /** Approved without us: by the network's stand-in or a time-out setting. */
  'adopted',
  'approved_against_decision',
  /** More was captured than was ever approved, and than was held for a rate that may move. */
  'over_captured',
  'captured_after_reversal',
  'captured_while_declined',
  /** Cleared, but no view and no decision of the authorization has been seen. */
  'cleared_unseen',
  /** More was given back than is known to have been taken. */
  'refunded_beyond_capture',
  /** Captures of one amount that together exceed the approval and were not given back: one was cleared twice. */
  'cleared_twice',
  /** Views of one rank contradict each other; the object is fetched. */
  'tied',
] as const;
export type AuthorizationFlag = (typeof AUTHORIZATION_FLAGS)[number];

export interface Standing {
  readonly newest: NewestSnapshots;
  readonly decisions: readonly RecordedDecision[];
  readonly evidence: Evidence;
  /** All clearing records of the authorization that are on the books. */
  readonly booked: readonly Booked[];
}

/** What was approved in all, by the history shown so far; a final amount raises it without an entry there. */
export function approvedTotal({ newest, evidence }: Standing): MinorUnits {
  const { history } = shownBy(evidence, newest);
  const approved = add(...history.filter((h) => h.approved).map((h) => h.amountMinor));
  return larger(approved, evidence.authorizedMinor);
}

/** Sum of the clearing records of one type. */
export const clearedTotal = (booked: readonly Booked[], type: Booked['type']): MinorUnits =>
  add(...booked.filter((b) => b.type === type).map((b) => b.amountMinor));

export function flagsOf(standing: Standing): readonly AuthorizationFlag[] {
  const { newest, decisions, booked } = standing;
  const views = latestViews(newest);
  const [view] = views;
  const captured = clearedTotal(booked, 'capture');
  const refunded = clearedTotal(booked, 'refund');
  const approved = approvedTotal(standing);
  const approvedByUs = decisions.some((decision) => decision.approved);
  const declinedByUs = decisions.some((decision) => !decision.approved);
  const isApproved = view?.approved === true;
  // What was given back in full needs nobody any more.
  const isOwed = captured > refunded;
  const isExcess = isApproved && captured > add(approved, marginOf(decisions));
  const raised: Readonly<Record<AuthorizationFlag, boolean>> = {
    adopted: isApproved && !approvedByUs && !declinedByUs,
    approved_against_decision: isApproved && !approvedByUs && declinedByUs,
    over_captured: isExcess,
    captured_after_reversal: isApproved && isOwed && isCapturedAfterReversal(standing, view),
    captured_while_declined: view?.approved === false && view.status !== 'pending' && isOwed,
    cleared_unseen: view === undefined && decisions.length === 0 && booked.length > 0,
    refunded_beyond_capture: refunded > captured,
    cleared_twice: isExcess && subtract(captured, refunded) > approved && hasEqualCaptures(booked),
    tied: isTied(views),
  };
  return AUTHORIZATION_FLAGS.filter((flag) => raised[flag]);
}

/** Part of it may be captured before the rest is reversed; what comes after, and was not held again, is a surprise. */
function isCapturedAfterReversal(
  { booked, evidence: { reversedS, heldS } }: Standing,
  view: AuthorizationSnapshot,
): boolean {
  if (reversedS === null || heldS > reversedS || view.status === 'pending') return false;
  return booked.some(({ type, createdS }) => type === 'capture' && createdS >= reversedS);
}

/** What was held on top because the final amount of a foreign purchase was not known. */
const marginOf = (decisions: readonly RecordedDecision[]): MinorUnits =>
  add(
    ...decisions
      .filter(({ approved, surplus }) => approved && surplus.kind === 'margin')
      .map(({ surplus, approvedMinor }) => surplusOf(surplus, approvedMinor)),
  );

function hasEqualCaptures(booked: readonly Booked[]): boolean {
  const amounts = booked.filter((b) => b.type === 'capture').map((b) => b.amountMinor);
  return new Set(amounts).size < amounts.length;
}
