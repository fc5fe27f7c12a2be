/** Journal entries: each has its postings, its clearing record or decision, and mirrors what it corrects. */
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Entries at once: a page takes a fraction of a second. */
const ENTRIES_PER_PAGE = 5_000;

interface EntryRow {
  id: string;
  kind: string;
  postings: number;
  is_empty: boolean;
  transaction_id: string | null;
  has_transaction: boolean;
  decision_id: string | null;
  held: string;
  decided: string | null;
  corrects: string | null;
  is_mirrored: boolean;
}

export const entryCheck: LedgerCheck = {
  rows: 'entries',
  start: '0',
  async page(tx, after) {
    const rows = await tx<EntryRow[]>`
      select e.entry_id::text as id, e.kind, s.postings, e.transaction_id, e.decision_id, s.held,
             -- A clearing record of zero moves nothing and is an entry all the same.
             e.kind in ('capture', 'refund', 'suspense_resolution') and t.amount_minor = 0 as is_empty,
             t.transaction_id is not null as has_transaction,
             (d.approved_minor + surplus_of(d.surplus, d.approved_minor))::text as decided,
             e.corrects_entry_id::text as corrects, coalesce(m.is_mirrored, true) as is_mirrored
        from (select * from journal_entries where entry_id > ${after}::text::bigint
               order by entry_id limit ${ENTRIES_PER_PAGE}) e
        cross join lateral (
          select count(*) as postings, coalesce(sum(case when p.credit = 'held' then p.amount_minor
                   when p.debit = 'held' then -p.amount_minor end), 0)::text as held
            from postings p where p.entry_id = e.entry_id) s
        left join transactions t on t.transaction_id = e.transaction_id
        left join decisions d on d.decision_id = e.decision_id
        left join lateral (
          select not exists (
            (select debit, credit, account_id, amount_minor from postings where entry_id = e.entry_id
             except all
             select credit, debit, account_id, amount_minor from postings where entry_id = e.corrects_entry_id)
            union all
            (select credit, debit, account_id, amount_minor from postings where entry_id = e.corrects_entry_id
             except all
             select debit, credit, account_id, amount_minor from postings where entry_id = e.entry_id)) as is_mirrored
          ) m on e.corrects_entry_id is not null
       order by e.entry_id`;
    return pageOfRows(rows, ENTRIES_PER_PAGE, rows.flatMap(differencesOf));
  },
};

function differencesOf(row: EntryRow): readonly Difference[] {
  const found: (readonly [string, string | boolean, string | boolean | null])[] = [
    ['has postings', !(row.is_empty ?? false), row.postings > 0],
  ];
  if (row.transaction_id !== null) {
    found.push([`its clearing record ${row.transaction_id} is there`, true, row.has_transaction]);
  }
  if (row.decision_id !== null) {
    found.push([`what decision ${row.decision_id} set aside`, row.decided ?? 'nothing', row.held]);
  }
  if (row.corrects !== null) {
    found.push([`takes back what entry ${row.corrects} moved`, true, row.is_mirrored]);
  }
  return differences(`entry ${row.id} (${row.kind})`, found);
}
