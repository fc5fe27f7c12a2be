/**
 * Statements. A period becomes a range of the account's posting numbers, which only ever grows at its end; so the
 * lines of a long statement can be read page by page, with no transaction held open, and still add up.
 */
import type { AccountId } from '../../domain/ids.ts';
import { add, type MinorUnits, minorUnits } from '../../domain/money.ts';
import { checkLines, toLines } from '../../domain/statement.ts';
import type { Period, StatementFrame, StatementLine } from '../../ports/account-history.ts';
import type { PageOrRefusal, PageRequest } from '../../ports/page.ts';
import { changeOf, counterAccount, newestPosting } from './account-postings.ts';
import { knownCurrency } from './account-rows.ts';
import { exactTime, momentOf } from './exact-time.ts';
import type { Queryable } from './pool.ts';

/** A transaction that is under way may still add to a moment that is past; none lasts nearly as long as this. */
const FINAL_AFTER_S = 60;
/** Most entries have one posting or two that move the balance: so many rows make up a page and tell its end. */
const rowsForLines = (limit: number): number => 2 * limit + 8;

interface FrameRow {
  customer_ref: string;
  currency: string;
  from: string;
  to: string;
  final: boolean;
  opening_seq: number;
  opening_available: number;
  opening_held: number;
  closing_seq: number;
  closing_available: number;
  closing_held: number;
}

export async function findStatement(
  sql: Queryable,
  accountId: AccountId,
  { from, to }: Period,
): Promise<StatementFrame | undefined> {
  const [row] = await sql<FrameRow[]>`
    select a.customer_ref, a.currency, ${exactTime(sql, momentOf(sql, from))} as "from",
           ${exactTime(sql, momentOf(sql, to))} as "to",
           ${momentOf(sql, to)} <= clock_timestamp() - make_interval(secs => ${FINAL_AFTER_S}) as final,
           coalesce(o.seq, 0) as opening_seq, coalesce(o.available_after_minor, 0) as opening_available,
           coalesce(o.held_after_minor, 0) as opening_held,
           coalesce(c.seq, 0) as closing_seq, coalesce(c.available_after_minor, 0) as closing_available,
           coalesce(c.held_after_minor, 0) as closing_held
      from accounts a
           ${newestPosting(sql, 'o', sql`posted_at < ${momentOf(sql, from)}`)}
           ${newestPosting(sql, 'c', sql`posted_at < ${momentOf(sql, to)}`)}
     where a.account_id = ${accountId}`;
  if (row === undefined) return undefined;
  return {
    accountId,
    customerRef: row.customer_ref,
    currency: knownCurrency(row.currency),
    from: row.from,
    to: row.to,
    final: row.final,
    opening: balanceOf(row.opening_seq, row.opening_available, row.opening_held),
    closing: balanceOf(row.closing_seq, row.closing_available, row.closing_held),
  };
}

function balanceOf(seq: number, available: number, held: number): StatementFrame['opening'] {
  const availableMinor = minorUnits(available);
  const heldMinor = minorUnits(held);
  return { balanceMinor: add(availableMinor, heldMinor), availableMinor, heldMinor, seq };
}

/** One page of lines, checked to lead from the balance before it to the balance after it. */
export async function readLines(
  sql: Queryable,
  frame: StatementFrame,
  page: PageRequest,
): Promise<PageOrRefusal<StatementLine>> {
  const { closing } = frame;
  const start = await startOf(sql, frame, page);
  if (start === undefined) return 'bad_cursor';
  const rowsMax = rowsForLines(page.limit);
  const rows = await sql<StatementLine[]>`
    select e.entry_id::text as "entryId", p.seq, e.kind, ${exactTime(sql, sql`p.posted_at`)} as "postedAt",
           ${exactTime(sql, sql`e.effective_at`)} as "effectiveAt",
           ${changeOf(sql, 'available')} + ${changeOf(sql, 'held')} as "amountMinor",
           p.available_after_minor + p.held_after_minor as "balanceMinor",
           e.authorization_id as "authorizationId", e.transaction_id as "transactionId",
           e.external_ref as "externalRef", e.corrects_entry_id::text as "correctsEntryId",
           ${counterAccount(sql)} as "counterAccountId",
           t.card_id as "cardId", t.merchant ->> 'name' as merchant
      from postings p join journal_entries e using (entry_id)
           left join transactions t on t.transaction_id = e.transaction_id
     where p.account_id = ${frame.accountId} and p.seq > ${start.seq} and p.seq <= ${closing.seq}
       and not (p.debit in ('available', 'held') and p.credit in ('available', 'held'))
     order by p.seq limit ${rowsMax}`;
  const lines = wholeLines(rows, rows.length === rowsMax);
  const data = lines.slice(0, page.limit);
  const last = data.at(-1);
  const isEnd = rows.length < rowsMax && lines.length <= page.limit;
  checkLines(start.balanceMinor, data, isEnd ? closing.balanceMinor : null);
  return { data, nextCursor: isEnd || last === undefined ? null : String(last.seq) };
}

/** The entry at the end of a full page may go on behind it; it is left to the next page, unless it is all there is. */
function wholeLines(rows: readonly StatementLine[], isFull: boolean): readonly StatementLine[] {
  const lines = toLines(rows);
  return isFull && lines.length > 1 ? lines.slice(0, -1) : lines;
}

/** Where the page begins: at the opening balance, or after the posting that the cursor names. */
async function startOf(
  sql: Queryable,
  { accountId, opening, closing }: StatementFrame,
  { after }: PageRequest,
): Promise<{ readonly seq: number; readonly balanceMinor: MinorUnits } | undefined> {
  if (after === undefined) return opening;
  const seq = Number(after);
  if (seq <= opening.seq || seq > closing.seq) return undefined;
  const [row] = await sql<{ seq: number; balanceMinor: MinorUnits }[]>`
    select seq, available_after_minor + held_after_minor as "balanceMinor" from postings
     where account_id = ${accountId} and seq = ${seq}`;
  return row;
}
