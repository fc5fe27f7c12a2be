/** Clearing records: each booked by one entry, with its amount, on its account or in suspense, and moved once at most. */
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Records at once: a page takes a fraction of a second. */
const RECORDS_PER_PAGE = 2_000;

interface RecordRow {
  id: string;
  type: 'capture' | 'refund';
  amount: string;
  account_id: string | null;
  bookings: number;
  kind: string | null;
  resolutions: number;
  settlement: string;
  customer: string;
  suspense: string;
  is_own: boolean;
}

export const transactionCheck: LedgerCheck = {
  rows: 'clearing records',
  start: '',
  async page(tx, after) {
    const rows = await tx<RecordRow[]>`
      select t.transaction_id as id, t.type, t.amount_minor::text as amount, t.account_id, e.*, s.*
        from (select * from transactions where transaction_id > ${after}
               order by transaction_id limit ${RECORDS_PER_PAGE}) t
        cross join lateral (
          select count(*) filter (where kind <> 'suspense_resolution') as bookings,
                 min(kind) filter (where kind <> 'suspense_resolution') as kind,
                 count(*) filter (where kind = 'suspense_resolution') as resolutions,
                 array_agg(entry_id) as entries
            from (select entry_id, kind from journal_entries
                   where transaction_id = t.transaction_id and kind in ('capture', 'refund')
                  union all
                  select entry_id, kind from journal_entries
                   where transaction_id = t.transaction_id and kind = 'suspense_resolution') own) e
        cross join lateral (
          select coalesce(sum(case when 'network_settlement' = credit then amount_minor
                                   when 'network_settlement' = debit then -amount_minor end), 0)::text as settlement,
                 coalesce(sum(case when credit in ('available', 'held') then amount_minor
                                   when debit in ('available', 'held') then -amount_minor end), 0)::text as customer,
                 coalesce(sum(case when credit = 'suspense' then amount_minor
                                   when debit = 'suspense' then -amount_minor end), 0)::text as suspense,
                 coalesce(bool_and(account_id = t.account_id) filter (where account_id is not null), true) as is_own
            from postings where entry_id = any (e.entries)) s
       order by t.transaction_id`;
    return pageOfRows(rows, RECORDS_PER_PAGE, rows.flatMap(differencesOf));
  },
};

function differencesOf(row: RecordRow): readonly Difference[] {
  const owed = row.type === 'capture' ? BigInt(row.amount) : -BigInt(row.amount);
  const isWaiting = row.account_id === null;
  const mayMove = isWaiting ? 0 : 1;
  return differences(`clearing record ${row.id}`, [
    ['entries that book it', 1, row.bookings],
    ['kind of its entry', row.type, row.kind],
    ['owed to the networks', String(owed), row.settlement],
    ['taken from its account', String(isWaiting ? 0n : -owed), row.customer],
    ['left in suspense', String(isWaiting ? -owed : 0n), row.suspense],
    ['booked on its own account', true, row.is_own],
    ['moved out of suspense at most once', true, row.resolutions <= mayMove],
  ]);
}
