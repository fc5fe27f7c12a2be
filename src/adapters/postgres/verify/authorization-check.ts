/**
 * Authorizations: the hold by its postings, and everything that follows from the stored views, decisions and clearing
 * records (hold, counters, flags, confirmations), re-computed by the function that the relay converges with.
 */
import { listedBy } from '../../../domain/authorization-state.ts';
import type { AuthorizationState } from '../../../domain/books.ts';
import { type BookedTransaction, type Convergence, converge } from '../../../domain/convergence.ts';
import type { CapturedAmountReading } from '../../../domain/hold.ts';
import { surplusOf } from '../../../domain/surplus.ts';
import { type AuthorizationRow, toAuthorization } from '../apply/stored-authorization.ts';
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Authorizations at once: each is small, with its views and decisions. */
const AUTHORIZATIONS_PER_PAGE = 500;

interface CheckedRow extends AuthorizationRow {
  id: string;
  booked: BookedTransaction[];
  confirmed: string[];
  posted: string;
  reading: CapturedAmountReading;
  /** A decision of ours came after a view, and the relay has not converged the two yet. */
  is_waiting: boolean;
}

/** `nowS` tells which surpluses of fuel pumps have lapsed. */
export const createAuthorizationCheck = (nowS: number): LedgerCheck => ({
  rows: 'authorizations',
  start: '',
  async page(tx, after) {
    const rows = await tx<CheckedRow[]>`
      select z.*, z.authorization_id as id, extract(epoch from z.anchored_at)::float8 as anchored_s,
             t.captured_amount as reading, d.decisions, d.confirmed, b.booked, p.posted,
             exists (select from inbox i where i.object_id = z.authorization_id and i.status = 'pending'
                       and i.source = 'decision' and i.group_key = any (d.stripe_cards)) as is_waiting
        from (select * from authorizations where authorization_id > ${after}
               order by authorization_id limit ${AUTHORIZATIONS_PER_PAGE}) z
        join tenants t using (tenant_id)
        cross join lateral (
          select jsonb_agg(jsonb_build_object('requestId', request_id, 'approved', approved,
                   'askedMinor', coalesce(asked_minor, 0), 'approvedMinor', approved_minor, 'surplus', surplus,
                   'requestedS', requested_at, 'decidedS', extract(epoch from counts_at)::float8)
                   order by decided_at, request_id) as decisions,
                 coalesce(jsonb_agg(request_id order by request_id) filter (where confirmed), '[]') as confirmed,
                 array_agg(stripe_card_id) as stripe_cards
            from decisions d where d.authorization_id = z.authorization_id) d
        cross join lateral (
          select coalesce(jsonb_agg(jsonb_build_object('transactionId', transaction_id, 'type', type,
                   'amountMinor', amount_minor, 'createdS', extract(epoch from created_at)::bigint)
                   order by transaction_id), '[]') as booked
            from transactions b where b.authorization_id = z.authorization_id and b.account_id is not null) b
        cross join lateral (
          select coalesce(sum(case when credit = 'held' then amount_minor else -amount_minor end), 0)::text as posted
            from postings p where p.authorization_id = z.authorization_id) p
       order by z.authorization_id`;
    return pageOfRows(
      rows,
      AUTHORIZATIONS_PER_PAGE,
      rows.flatMap((row) => differencesOf(row, nowS)),
    );
  },
});

function differencesOf(row: CheckedRow, nowS: number): readonly Difference[] {
  const state = toAuthorization(row);
  const subject = `authorization ${row.id}`;
  const found = [
    ...differences(subject, [['hold, by its postings', row.posted, state.record.heldMinor]]),
    ...listedCaptures(row, state),
  ];
  if (row.is_waiting) return found;
  const converged = convergedAt(row, state, nowS);
  // What is held for a fuel pump lapses at a moment; the relay comes to it a little later.
  const before = convergedAt(row, state, 0);
  const isBefore = before.hold.heldMinor === state.record.heldMinor;
  const result = isBefore ? before : converged;
  // Until anything but our decisions is known, their holds are added up as they were taken.
  const isDecided = result.newest.length === 0 && row.booked.length === 0 && isAsDecided(state);
  const standing = isDecided ? [] : stateDifferences(subject, state, result);
  return [...found, ...standing, ...awaiting(row, state), ...confirmations(row, result)];
}

const convergedAt = (row: CheckedRow, { record }: AuthorizationState, nowS: number) =>
  converge({
    record,
    booked: row.booked,
    snapshots: [],
    transactions: [],
    reading: row.reading,
    nowS,
  });

function isAsDecided({ record, countedMinor, status, flags }: AuthorizationState): boolean {
  const approvals = record.decisions.filter((decision) => decision.approved);
  const approved = approvals.reduce((sum, d) => sum + d.approvedMinor, 0);
  const surplus = approvals.reduce((sum, d) => sum + surplusOf(d.surplus, d.approvedMinor), 0);
  return (
    record.heldMinor === approved + surplus &&
    countedMinor === approved &&
    status === 'pending' &&
    flags.length === 0
  );
}

function stateDifferences(
  subject: string,
  state: AuthorizationState,
  result: Convergence,
): readonly Difference[] {
  const approvals = state.record.decisions.filter((decision) => decision.approved);
  const firstS = Math.min(...approvals.map((decision) => decision.decidedS));
  const isAnchored = approvals.length === 0 || state.anchoredS === firstS;
  return differences(subject, [
    ['hold, by its views and decisions', result.hold.heldMinor, state.record.heldMinor],
    ['captured amount', result.capturedMinor, state.capturedMinor],
    ['refunded amount', result.refundedMinor, state.refundedMinor],
    ['amount counted towards limits', result.hold.countedMinor, state.countedMinor],
    ['counts at the moment of our first approval', true, isAnchored],
    ['status', result.status, state.status],
    ['is a purchase', result.isPurchase, state.isPurchase],
    ['flags', result.flags.join(' '), state.flags.join(' ')],
  ]);
}

const confirmations = (row: CheckedRow, result: Convergence): readonly Difference[] =>
  differences(`authorization ${row.id}`, [
    [
      'decisions that are confirmed',
      result.confirmations
        .filter(({ isConfirmed }) => isConfirmed)
        .map(({ requestId }) => requestId)
        .toSorted()
        .join(' '),
      row.confirmed.join(' '),
    ],
  ]);

/** What the views list is on the books or awaited, and not both; older views may have listed more. */
function awaiting(row: CheckedRow, { record, awaits }: AuthorizationState): readonly Difference[] {
  const booked = new Set(row.booked.map(({ transactionId }) => transactionId));
  const wanted = [...new Set([...awaits, ...listedBy(record.newest)])].filter(
    (id) => !booked.has(id),
  );
  return differences(`authorization ${row.id}`, [
    ['records that it awaits', wanted.toSorted().join(' '), awaits.join(' ')],
  ]);
}

/** Captures that a stored view lists whole are on the books with that amount. */
function listedCaptures(row: CheckedRow, { record }: AuthorizationState): readonly Difference[] {
  const booked = new Map(row.booked.map((b) => [b.transactionId, b.amountMinor]));
  return record.newest
    .flatMap((view) => view.captures)
    .filter((capture) => capture.amountMinor !== null)
    .flatMap(({ transactionId, amountMinor }) =>
      differences(`authorization ${row.id}, clearing record ${transactionId}`, [
        ['amount, by the stored view', amountMinor, booked.get(transactionId)],
      ]),
    );
}
