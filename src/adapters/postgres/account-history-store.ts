/** Balances of past moments, and entries by cursor: each is a look-up in an index, however many postings there are. */
import type { AccountEntry, AccountHistory } from '../../ports/account-history.ts';
import { changeOf, counterAccount, newestPosting } from './account-postings.ts';
import { knownCurrency } from './account-rows.ts';
import { findStatement, readLines } from './account-statement.ts';
import { exactTime, momentOf } from './exact-time.ts';
import { rowsFor } from './list-page.ts';
import type { Queryable } from './pool.ts';

/** The cursor is the number of a posting; a longer one is none of ours. */
const SEQ_CURSOR = /^[1-9][0-9]{0,14}$/;

export function createAccountHistory(sql: Queryable): AccountHistory {
  return {
    async balanceAt(accountId, at) {
      const [row] = await sql<
        {
          currency: string;
          at: string;
          postedAt: string | null;
          availableMinor: AccountEntry['availableMinor'];
          heldMinor: AccountEntry['heldMinor'];
        }[]
      >`
        select a.currency, ${exactTime(sql, sql`least(${momentOf(sql, at)}, clock_timestamp())`)} as at,
               ${exactTime(sql, sql`p.posted_at`)} as "postedAt",
               coalesce(p.available_after_minor, 0) as "availableMinor",
               coalesce(p.held_after_minor, 0) as "heldMinor"
          from accounts a ${newestPosting(sql, 'p', sql`posted_at <= ${momentOf(sql, at)}`)}
         where a.account_id = ${accountId}`;
      return row === undefined
        ? undefined
        : { accountId, ...row, currency: knownCurrency(row.currency) };
    },

    async entries(accountId, page) {
      const { after, limit } = page;
      if (after !== undefined && !SEQ_CURSOR.test(after)) return 'bad_cursor';
      const rows = await sql<AccountEntry[]>`
        select e.entry_id::text as "entryId", p.seq, e.kind, ${exactTime(sql, sql`p.posted_at`)} as "postedAt",
               ${exactTime(sql, sql`e.effective_at`)} as "effectiveAt",
               ${changeOf(sql, 'available')} as "availableChangeMinor",
               ${changeOf(sql, 'held')} as "heldChangeMinor",
               p.available_after_minor as "availableMinor", p.held_after_minor as "heldMinor",
               e.authorization_id as "authorizationId", e.transaction_id as "transactionId",
               e.decision_id as "decisionId", e.external_ref as "externalRef",
               e.corrects_entry_id::text as "correctsEntryId", ${counterAccount(sql)} as "counterAccountId"
          from postings p join journal_entries e using (entry_id)
         where p.account_id = ${accountId}
           ${after === undefined ? sql`` : sql`and p.seq < ${after}::text::bigint`}
         order by p.seq desc limit ${rowsFor(page)}`;
      const data = rows.slice(0, limit);
      // Any number is a position among the postings, so no cursor of this shape is wrong.
      return { data, nextCursor: rows.length > limit ? String(data.at(-1)?.seq) : null };
    },

    statement: (accountId, period) => findStatement(sql, accountId, period),

    async lines(frame, page) {
      const isWrong = page.after !== undefined && !SEQ_CURSOR.test(page.after);
      return isWrong ? 'bad_cursor' : readLines(sql, frame, page);
    },
  };
}
