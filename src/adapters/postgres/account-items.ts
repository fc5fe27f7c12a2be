/** What a person should know of an account, after a command has changed it: opened while it holds, closed when not. */
import type { AccountStanding } from '../../domain/account-rules.ts';
import { itemChanges, itemsOfAccount } from '../../domain/attention-items.ts';
import { closeAttention, openAttention } from './attention.ts';
import type { Queryable } from './pool.ts';

export async function tellAccountItems(
  sql: Queryable,
  before: AccountStanding,
  after: AccountStanding,
): Promise<void> {
  const itemsOf = (standing: AccountStanding) =>
    itemsOfAccount({ ...standing, accountId: standing.id });
  const { opened, closed } = itemChanges(itemsOf(before), itemsOf(after));
  for (const item of opened) await openAttention(sql, item);
  for (const item of closed) await closeAttention(sql, item);
}
