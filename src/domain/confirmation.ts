/**
 * Which of our decisions Stripe's views have shown. A decision that is confirmed no longer adds to the hold,
 * because the view speaks for it; one that is not adds its amount, so that nothing is free too early.
 */
import type {
  AuthorizationSnapshot,
  HistoryEntry,
  NewestSnapshots,
} from './authorization-state.ts';
import {
  CONFIRMATION_WINDOW_S,
  STRIPE_ANSWER_LIMIT_S,
  UNCONFIRMED_HOLD_AFTER_S,
} from './limits.ts';
import { metadataKeyOf } from './metadata-key.ts';
import { larger, type MinorUnits, ZERO } from './money.ts';
import type { SurplusRule } from './surplus.ts';

export interface RecordedDecision {
  readonly requestId: string;
  readonly approved: boolean;
  readonly askedMinor: MinorUnits;
  readonly approvedMinor: MinorUnits;
  readonly surplus: SurplusRule;
  /** Stripe's time of the request, in seconds. */
  readonly requestedS: number;
  /** When we decided, by our own clock, in seconds with fractions: the purchase counts at that moment. */
  readonly decidedS: number;
  /** Whether it is stored as settled already, so that nothing needs to be written of it. */
  readonly isSettled?: boolean;
}

/** What becomes of a decision: while it is not confirmed it adds to the hold. */
export interface Confirmation {
  readonly requestId: string;
  readonly isConfirmed: boolean;
}

interface Shown {
  readonly metadataKeys: readonly string[];
  readonly history: readonly HistoryEntry[];
}

/** What views have shown of the answers to our requests; it only grows, so the order of arrival does not matter. */
export interface Evidence extends Shown {
  /** The largest amount of an approved view before any capture: what was authorized, where history does not say. */
  readonly authorizedMinor: MinorUnits;
  /** The latest second at which a view showed the authorization ended; 0 when none did. */
  readonly endedS: number;
  /** The earliest second at which a view showed it reversed; null when none did. */
  readonly reversedS: number | null;
  /** The latest second at which a view showed it held; 0 when none did. */
  readonly heldS: number;
  /** Of fetched views, kept apart: one that lost to an event of its second must not confirm what that event lacks. */
  readonly fetched: readonly (Shown & { readonly atS: number })[];
}

export const NO_EVIDENCE: Evidence = {
  metadataKeys: [],
  history: [],
  authorizedMinor: ZERO,
  endedS: 0,
  reversedS: null,
  heldS: 0,
  fetched: [],
};

/** Fetched views remembered; an authorization is fetched only when its views contradict each other. */
const FETCHED_MAX = 10;

/** Adds what a view shows. Histories only grow, so the longer one holds all of the shorter. */
export function mergeEvidence(evidence: Evidence, snapshot: AuthorizationSnapshot): Evidence {
  const isBeforeCaptures = snapshot.approved && snapshot.captures.length === 0;
  const authorizedMinor = isBeforeCaptures
    ? larger(evidence.authorizedMinor, snapshot.amountMinor)
    : evidence.authorizedMinor;
  const { atS, source } = snapshot.rank;
  const endedS = snapshot.status === 'pending' ? evidence.endedS : Math.max(evidence.endedS, atS);
  const isHeld = snapshot.status === 'pending' && snapshot.approved && snapshot.amountMinor > 0;
  const heldS = isHeld ? Math.max(evidence.heldS, atS) : evidence.heldS;
  const reversedS =
    snapshot.status === 'reversed' ? Math.min(evidence.reversedS ?? atS, atS) : evidence.reversedS;
  const shown: Shown = { metadataKeys: snapshot.metadataKeys, history: historyOf(snapshot) };
  if (source === 'event')
    return { ...evidence, ...both(evidence, shown), authorizedMinor, endedS, reversedS, heldS };
  const same = evidence.fetched.find((view) => view.atS === atS);
  const merged = { atS, ...(same === undefined ? shown : both(same, shown)) };
  const fetched = [...evidence.fetched.filter((view) => view.atS !== atS), merged]
    .toSorted((a, b) => b.atS - a.atS)
    .slice(0, FETCHED_MAX);
  return { ...evidence, authorizedMinor, endedS, reversedS, heldS, fetched };
}

/** A decided view without history shows one answer all the same: its own. */
function historyOf(snapshot: AuthorizationSnapshot): readonly HistoryEntry[] {
  if (snapshot.history.length > 0 || (snapshot.status === 'pending' && !snapshot.approved)) {
    return snapshot.history;
  }
  const { amountMinor, approved, createdS } = snapshot;
  return [{ amountMinor, approved, createdS, reason: '' }];
}

function both(a: Shown, b: Shown): Shown {
  return {
    metadataKeys: [...new Set([...a.metadataKeys, ...b.metadataKeys])].toSorted(),
    history: goesBefore(b.history, a.history) ? b.history : a.history,
  };
}

/**
 * The longer history holds all of the shorter. Views without a history each show an answer of their own amount: of those a rule has to choose, not the order in which
 * they came. An answer that Stripe told counts, else the larger amount, so that nothing is free too early.
 */
function goesBefore(a: readonly HistoryEntry[], b: readonly HistoryEntry[]): boolean {
  if (a.length !== b.length) return a.length > b.length;
  for (const [index, entry] of a.entries()) {
    const other = b[index];
    const order = other === undefined ? 0 : compareEntries(entry, other);
    if (order !== 0) return order > 0;
  }
  return false;
}

const compareEntries = (a: HistoryEntry, b: HistoryEntry): number =>
  Number(a.reason !== '') - Number(b.reason !== '') ||
  a.amountMinor - b.amountMinor ||
  Number(a.approved) - Number(b.approved) ||
  a.createdS - b.createdS ||
  (a.reason < b.reason ? -1 : Number(a.reason > b.reason));

/** What counts as shown while these views are the newest. */
export function shownBy(evidence: Evidence, newest: NewestSnapshots): Shown {
  const [view] = newest;
  if (view === undefined) return evidence;
  const { atS, source } = view.rank;
  const counted = evidence.fetched.filter(
    (fetched) => fetched.atS < atS || (source === 'fetched' && fetched.atS === atS),
  );
  return counted.reduce<Shown>(both, evidence);
}

/** The decisions that were shown: by the metadata key of their request, else by their answer in the request history. */
export function confirmedRequests(
  decisions: readonly RecordedDecision[],
  shown: Shown,
): ReadonlySet<string> {
  const keys = new Set(shown.metadataKeys);
  const keyed = decisions.filter((d) => isKeyed(keys, d)).map((d) => d.requestId);
  return new Set([...keyed, ...answersShown(decisions, shown).keys()]);
}

/**
 * The entry of the request history that answers each request of ours, by request id: one with that amount and time.
 * Each entry answers one; those known by key use theirs up first, then our declines, so that the entry of a decline
 * cannot confirm the approval of the next try.
 */
export function answersShown(
  decisions: readonly RecordedDecision[],
  shown: Shown,
): ReadonlyMap<string, HistoryEntry> {
  const keys = new Set(shown.metadataKeys);
  const inOrder = decisions.toSorted(
    (a, b) =>
      Number(isKeyed(keys, b)) - Number(isKeyed(keys, a)) ||
      Number(a.approved) - Number(b.approved) ||
      a.requestedS - b.requestedS ||
      (a.requestId < b.requestId ? -1 : 1),
  );
  const answers = new Map<string, HistoryEntry>();
  const unused = new Set(shown.history);
  const others = othersAmong(shown.metadataKeys, decisions);
  for (const decision of inOrder) {
    if (!isKeyed(keys, decision) && unused.size <= others) break;
    const entry = bestEntry([...unused], decision);
    if (entry === undefined) continue;
    unused.delete(entry);
    answers.set(decision.requestId, entry);
  }
  return answers;
}

const isKeyed = (keys: ReadonlySet<string>, { requestId }: RecordedDecision): boolean =>
  keys.has(metadataKeyOf(requestId));

/** Keys of requests whose decisions are not recorded here yet: each stands for an entry that confirms nobody else. */
function othersAmong(keys: readonly string[], decisions: readonly RecordedDecision[]): number {
  const kindOf = (id: string): string | undefined => id.split('_', 1)[0];
  const ours = new Set(decisions.map((decision) => metadataKeyOf(decision.requestId)));
  const kinds = new Set(decisions.map((decision) => kindOf(decision.requestId)));
  return keys.filter((key) => !ours.has(key) && kinds.has(kindOf(key))).length;
}

/**
 * The decisions that no longer add to the hold: those that were shown, and approvals that cannot take effect any
 * more, because a view that is much younger than their request shows the authorization ended without them.
 */
export function settledRequests(
  decisions: readonly RecordedDecision[],
  evidence: Evidence,
  newest: NewestSnapshots,
): ReadonlySet<string> {
  const settled = new Set(confirmedRequests(decisions, shownBy(evidence, newest)));
  for (const { requestId, requestedS } of decisions) {
    if (evidence.endedS >= requestedS + UNCONFIRMED_HOLD_AFTER_S) settled.add(requestId);
  }
  return settled;
}

/**
 * The entry that fits best: one with the same outcome before one with the other; undefined when none fits. Where our
 * answer to a fuel pump did not count, Stripe shows the amount that it holds for a pump.
 */
function bestEntry(
  entries: readonly HistoryEntry[],
  decision: RecordedDecision,
): HistoryEntry | undefined {
  const near = entries.filter((entry) => isNear(entry, decision));
  return (
    near.find((entry) => entry.approved === decision.approved && isAmount(entry, decision)) ??
    near.find((entry) => isAmount(entry, decision)) ??
    near.find((entry) => decision.surplus.kind === 'fuel' && UNANSWERED.includes(entry.reason))
  );
}

const UNANSWERED = ['webhook_timeout', 'webhook_error'];

/** The network, or the time-out policy, may have answered otherwise than we did; then the asked amount is shown. */
const isAmount = (
  { amountMinor }: HistoryEntry,
  { approved, approvedMinor, askedMinor }: RecordedDecision,
): boolean => amountMinor === askedMinor || (approved && amountMinor === approvedMinor);

function isNear(entry: HistoryEntry, { approved, requestedS }: RecordedDecision): boolean {
  const windowS =
    CONFIRMATION_WINDOW_S + (entry.reason === 'webhook_timeout' ? STRIPE_ANSWER_LIMIT_S : 0);
  const isOurDeclineApproved = !approved && entry.approved && entry.reason === 'webhook_approved';
  return Math.abs(entry.createdS - requestedS) <= windowS && !isOurDeclineApproved;
}
