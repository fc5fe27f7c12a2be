/**
 * One authorization as Stripe shows it, and which of several views of it is the newest.
 *
 *   pending ──capture, final──► closed      pending ──reverse──► reversed ──re-hold──► pending
 *   pending ──capture, part───► pending     pending ──deadline─► expired      declined: closed at once
 *
 * Events come late, twice and out of order, so no event moves a state. Snapshots are ranked instead, and only
 * the newest counts: larger `event.created`, then the longer request history, then the chain of
 * `previous_attributes`. No rule says that a terminal state wins: an authorization at amount 0 may be held again.
 */
import type { AuthorizationId, StripeCardId, TransactionId } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

export type AuthorizationStatus = 'pending' | 'closed' | 'reversed' | 'expired';

/** One answer in Stripe's request history; the newest is the last. Amounts in the card's currency. */
export interface HistoryEntry {
  readonly amountMinor: MinorUnits;
  readonly approved: boolean;
  readonly reason: string;
  readonly createdS: number;
}

/** A clearing record. The amount is unsigned; the type gives the direction. */
export interface ObservedTransaction {
  readonly transactionId: TransactionId;
  readonly type: 'capture' | 'refund';
  readonly authorizationId: AuthorizationId | null;
  readonly stripeCardId: StripeCardId;
  readonly amountMinor: MinorUnits;
  readonly currency: Currency;
  readonly createdS: number;
  readonly merchant: Merchant;
  readonly parts: AmountParts;
}

/** The earliest first; those of one second by their ids. */
export const byTime = (
  a: Pick<ObservedTransaction, 'transactionId' | 'createdS'>,
  b: Pick<ObservedTransaction, 'transactionId' | 'createdS'>,
): number => a.createdS - b.createdS || (a.transactionId < b.transactionId ? -1 : 1);

/** What an amount is made of. The merchant's amount is unsigned; fees and cashback are part of the amount. */
export interface AmountParts {
  readonly merchantAmountMinor: MinorUnits | null;
  readonly merchantCurrency: string | null;
  readonly atmFeeMinor: MinorUnits;
  readonly cashbackMinor: MinorUnits;
}

export interface Merchant {
  readonly name: string | null;
  readonly category: string;
  readonly categoryCode: string;
  readonly country: string | null;
  /** The id that the card network gave it. */
  readonly networkId: string | null;
}

/**
 * When a view was true. `event`: `event.created`. `fetched`: the second in which the call was sent, by Stripe's
 * clock; it loses to any event created in or after that second.
 */
export interface SnapshotRank {
  readonly source: 'event' | 'fetched';
  readonly atS: number;
}

export interface AuthorizationSnapshot {
  readonly authorizationId: AuthorizationId;
  readonly stripeCardId: StripeCardId;
  readonly rank: SnapshotRank;
  readonly status: AuthorizationStatus;
  readonly approved: boolean;
  readonly amountMinor: MinorUnits;
  readonly currency: Currency;
  readonly createdS: number;
  readonly history: readonly HistoryEntry[];
  /** Keys of its metadata; our answers put the id of their request there. */
  readonly metadataKeys: readonly string[];
  readonly merchant: Merchant;
  /** Ids of the captures among its transactions, with the amount where the object was given whole. */
  readonly captures: readonly ListedCapture[];
  /** Earlier values of the fields that the event changed; null when it is no update. */
  readonly previous: PreviousFields | null;
}

export interface ListedCapture {
  readonly transactionId: TransactionId;
  readonly amountMinor: MinorUnits | null;
}

export interface PreviousFields {
  readonly status?: AuthorizationStatus;
  readonly approved?: boolean;
  readonly amountMinor?: number;
  readonly captureCount?: number;
}

/** Views of one authorization that share the highest rank; more than one only while they are told apart. */
export type NewestSnapshots = readonly AuthorizationSnapshot[];

/** Views kept at one rank; Stripe does not make more changes of one authorization in a second. */
const VIEWS_PER_RANK_MAX = 30;

/** Negative when `a` is older, positive when newer, 0 when neither time nor history tells. */
function compareRank(a: AuthorizationSnapshot, b: AuthorizationSnapshot): number {
  if (a.rank.atS !== b.rank.atS) return a.rank.atS - b.rank.atS;
  if (a.rank.source !== b.rank.source) return a.rank.source === 'event' ? 1 : -1;
  return a.history.length - b.history.length;
}

/** Adds a view to the newest ones. Commutative, associative and idempotent: order and repeats do not matter. */
export function mergeSnapshot(
  newest: NewestSnapshots,
  candidate: AuthorizationSnapshot,
): NewestSnapshots {
  const [held] = newest;
  if (held === undefined) return [candidate];
  const order = compareRank(candidate, held);
  if (order < 0) return newest;
  if (order > 0) return [candidate];
  const text = textOf(candidate);
  if (newest.some((view) => textOf(view) === text)) return newest;
  // Sorted, so that the stored list does not depend on the order of arrival.
  return [...newest, candidate]
    .toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
    .slice(0, VIEWS_PER_RANK_MAX);
}

/** The same text for the same view: a database gives fields back in an order of its own. */
const textOf = (view: AuthorizationSnapshot): string =>
  JSON.stringify(view, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

/**
 * The views that no other view of the same rank came after, by `previous_attributes`. One view: it is the
 * truth. Several that differ: a true tie, settled by fetching the object; until then the larger hold stands.
 */
export function latestViews(newest: NewestSnapshots): NewestSnapshots {
  const latest = newest.filter(
    (view) => !newest.some((other) => other !== view && follows(other, view)),
  );
  return latest.length > 0 ? latest : newest;
}

/** Whether `later` says of itself that it changed what `earlier` shows. */
function follows(later: AuthorizationSnapshot, earlier: AuthorizationSnapshot): boolean {
  const was = later.previous;
  if (was === null) return false;
  // A view without earlier values is the event of the creation, which everything else comes after.
  if (earlier.previous === null && earlier.rank.source === 'event') return true;
  if (Object.keys(was).length === 0) return false;
  return (
    (was.status === undefined || was.status === earlier.status) &&
    (was.approved === undefined || was.approved === earlier.approved) &&
    (was.amountMinor === undefined || was.amountMinor === earlier.amountMinor) &&
    (was.captureCount === undefined || was.captureCount === earlier.captures.length)
  );
}

/** The clearing records that the views list. */
export const listedBy = (views: NewestSnapshots): ReadonlySet<TransactionId> =>
  new Set(views.flatMap(({ captures }) => captures.map(({ transactionId }) => transactionId)));

/** Whether the views differ in something that matters to the books. */
export function isTied(views: NewestSnapshots): boolean {
  const facts = new Set(
    views.map((v) => `${v.status}/${v.approved}/${v.amountMinor}/${v.captures.length}`),
  );
  return facts.size > 1;
}
