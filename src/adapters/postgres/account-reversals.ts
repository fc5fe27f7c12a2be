/** Takes back a booked credit, debit or transfer by an entry of its own, once. */
import type { AccountId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import type { JournalEntry } from '../../domain/ledger.ts';
import type { BookingOutcome, NewReversal } from '../../ports/accounts.ts';
import { type Booking, book, findEntries } from './account-bookings.ts';
import type { Queryable } from './pool.ts';

interface EntryRow {
  kind: JournalEntry['kind'];
  account_id: AccountId;
  counter_account_id: AccountId | null;
}

/** An entry never changes, so it may be read before the accounts are locked. */
export async function reverseEntry(
  sql: Queryable,
  { entryId, ...command }: NewReversal,
): Promise<BookingOutcome> {
  const { accountId } = command;
  const [row] = await sql<EntryRow[]>`
    select kind, account_id, counter_account_id from journal_entries
     where entry_id = ${entryId}::text::bigint
       and (account_id = ${accountId} or counter_account_id = ${accountId})`;
  if (row === undefined) {
    const known = await sql`select 1 from accounts where account_id = ${accountId}`;
    return known.length === 0 ? { kind: 'unknown_account', accountId } : { kind: 'unknown_entry' };
  }
  const way = row.account_id === accountId ? wayBack(row) : undefined;
  if (way === undefined) {
    return { kind: 'not_reversible', entryKind: row.kind, accountId: row.account_id };
  }
  const [entry] = await findEntries(sql, sql`e.entry_id = ${entryId}::text::bigint`);
  invariant(entry !== undefined, `entry ${entryId} moved money of its account`);
  return book(sql, {
    ...command,
    ...way,
    kind: 'correction',
    amountMinor: entry.amountMinor,
    correctsEntryId: entryId,
  });
}

/** Where the money goes that comes back. What the network posted is the network's to correct. */
function wayBack(row: EntryRow): Pick<Booking, 'from' | 'to'> | undefined {
  switch (row.kind) {
    case 'credit':
      return { from: row.account_id, to: null };
    case 'debit':
      return { from: null, to: row.account_id };
    case 'transfer':
      return { from: row.counter_account_id, to: row.account_id };
    case 'hold':
    case 'release':
    case 'capture':
    case 'refund':
    case 'suspense_resolution':
    case 'correction':
      return undefined;
  }
}
