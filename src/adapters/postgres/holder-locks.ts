/** Locks of a holder, in the order of all others: accounts first, ascending. */
import type { Queryable } from './pool.ts';

/** What the next decision of every card reads is about to change, so their accounts are locked first. */
export async function lockAccountsOfHolder(sql: Queryable, cardholderId: string): Promise<void> {
  await sql`
    select 1 from accounts
     where account_id in (select account_id from cards where cardholder_id = ${cardholderId})
     order by account_id for no key update`;
}
