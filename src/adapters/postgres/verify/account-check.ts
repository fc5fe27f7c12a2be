/** Accounts: balances, numbers and the chain of balances, re-computed from the postings; holds from authorizations. */
import type { Transaction } from '../pool.ts';
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Accounts at once: a busy one has many thousands of postings. */
const ACCOUNTS_PER_PAGE = 100;

interface AccountRow {
  id: string;
  available: string;
  held: string;
  seq: string;
  postings: string;
  summed_available: string;
  summed_held: string;
  holds: string;
  broken_at: string | null;
}

export const accountCheck: LedgerCheck = {
  rows: 'accounts',
  start: '',
  async page(tx, after) {
    const rows = await tx<AccountRow[]>`
      select a.account_id as id, a.available_minor::text as available, a.held_minor::text as held, a.seq::text as seq,
             p.*, z.holds
        from (select * from accounts where account_id > ${after} order by account_id limit ${ACCOUNTS_PER_PAGE}) a
        cross join lateral (
          select count(*)::text as postings, coalesce(sum(to_available), 0)::text as summed_available,
                 coalesce(sum(to_held), 0)::text as summed_held,
                 (min(place) filter (where is_broken))::text as broken_at
            from (${chainOf(tx, tx`a.account_id`)}) chain) p
        cross join lateral (
          select coalesce(sum(held_minor), 0)::text as holds from authorizations z
           where z.account_id = a.account_id) z
       order by a.account_id`;
    const found: Difference[] = [];
    for (const row of rows) {
      if (row.broken_at !== null) found.push(...(await brokenLink(tx, row.id, row.broken_at)));
      found.push(...balanceDifferences(row));
    }
    return pageOfRows(rows, ACCOUNTS_PER_PAGE, found);
  },
};

const balanceDifferences = (row: AccountRow): readonly Difference[] =>
  differences(`account ${row.id}`, [
    ['available balance, by its postings', row.summed_available, row.available],
    ['held balance, by its postings', row.summed_held, row.held],
    ['held balance, by its authorizations', row.holds, row.held],
    ['number of the last posting', row.postings, row.seq],
  ]);

/** The postings of an account in order, each with what it should be numbered and leave behind. */
const chainOf = (tx: Transaction, accountId: ReturnType<Transaction>) => tx`
  select place, seq, to_available, to_held, available_after_minor, held_after_minor, available_sum, held_sum,
         seq is distinct from place or available_after_minor is distinct from available_sum
           or held_after_minor is distinct from held_sum or is_back as is_broken, is_back
    from (select row_number() over w as place, q.*, sum(to_available) over w as available_sum,
                 sum(to_held) over w as held_sum, coalesce(posted_at < lag(posted_at) over w, false) as is_back
            from (select seq, posted_at, available_after_minor, held_after_minor,
                         case when credit = 'available' then amount_minor
                              when debit = 'available' then -amount_minor else 0 end as to_available,
                         case when credit = 'held' then amount_minor
                              when debit = 'held' then -amount_minor else 0 end as to_held
                    from postings where account_id = ${accountId}) q
          window w as (order by seq)) links`;

interface Link {
  seq: string;
  available_after: string;
  held_after: string;
  available_sum: string;
  held_sum: string;
  is_back: boolean;
}

/** What is wrong with the first posting that does not follow from those before it. */
async function brokenLink(
  tx: Transaction,
  accountId: string,
  place: string,
): Promise<readonly Difference[]> {
  const [link] = await tx<Link[]>`
    select seq::text, available_after_minor::text as available_after, held_after_minor::text as held_after,
           available_sum::text, held_sum::text, is_back
      from (${chainOf(tx, tx`${accountId}`)}) chain where place = ${place}::text::bigint`;
  return differences(`account ${accountId}, posting ${place}`, [
    ['its number', place, link?.seq],
    ['available balance after it', link?.available_sum, link?.available_after],
    ['held balance after it', link?.held_sum, link?.held_after],
    ['earlier than the posting before it', false, link?.is_back],
  ]);
}
