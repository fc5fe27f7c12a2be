/** The rows of a batch: read under the locks of their groups, and put off when nothing came of them. */
import type { Sql, Transaction } from '../pool.ts';
import { ROWS_PER_BATCH_MAX } from './due-groups.ts';
import type { InboxRow } from './inbox-row.ts';
import type { Lease } from './leases.ts';

/** An account that is locked for this long is another's for now; waiting on would keep other groups out. */
const LOCK_TIMEOUT_MS = 250;
/** The holder of such a lock is done within moments, and nothing is wrong with the group. */
export const LOCK_RETRY_MS = 500;

/**
 * Settings of the transaction. A batch is a few dozen rows, each found by its key, and plans are kept: one that was
 * made while the tables were small, and reads them whole, would stay when they have grown.
 */
const settings = (tx: Transaction) => tx`
  set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true), set_config('enable_seqscan', 'off', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`;

const columns = (tx: Transaction) => tx`
  i.inbox_id, i.group_key, i.event_id, i.source, i.type, i.object_id, i.created, i.payload, i.stripe_account,
  i.attempts, extract(epoch from now() - i.received_at)::float8 * 1000 as stored_ms,
  case when i.tenant_id is not null then i.tenant_id
       when i.stripe_account is null then (select tenant_id from tenants where stripe_account is null)
       else (select t.tenant_id from tenants t where t.stripe_account = i.stripe_account) end as tenant_id`;

export interface LockedGroups {
  readonly groupKeys: readonly string[];
  /** Set: only if no other worker, of any relay, has a batch of that account alone. */
  readonly accountKey: string | null;
  /** Locked too, which tells others that somebody is at work on it. */
  readonly lease: Lease;
}

/** The due rows of those groups that no other worker has at the moment, oldest first. Suspects are applied elsewhere. */
export async function lockRows(
  tx: Transaction,
  { groupKeys, accountKey, lease }: LockedGroups,
): Promise<readonly InboxRow[]> {
  // In a statement of its own: what another worker did with a group before its lock was free is seen by the next.
  const locked = await tx<{ group_key: string }[]>`
    with leased as materialized (
      select lease_id from apply_leases where lease_id = ${lease.leaseId} for update)
    select group_key
      from (select (select count(*) from leased), ${settings(tx)},
                   ${accountKey}::text is null
                     or pg_try_advisory_xact_lock(hashtextextended(${accountKey}, 13)) as is_free) c,
           unnest(${[...groupKeys]}::text[]) group_key
     where c.is_free and pg_try_advisory_xact_lock(hashtextextended(group_key, 7))`;
  if (locked.length === 0) return [];
  // Group by group, so that only waiting rows are read, however long the inbox has become.
  return tx<InboxRow[]>`
    select ${columns(tx)}
      from unnest(${locked.map((row) => row.group_key)}::text[]) g (group_key)
      cross join lateral (
        select * from inbox w
         where w.group_key = g.group_key and w.status = 'pending' and w.next_try_at <= now() and w.failures = 0
         order by w.inbox_id limit ${ROWS_PER_BATCH_MAX}) i
     order by i.inbox_id limit ${ROWS_PER_BATCH_MAX}`;
}

/** Which row, by what tells its part of the table too. */
export interface RowKey {
  readonly inboxId: number;
  readonly created: number;
  readonly groupKey: string;
}

/** One row, if it still waits. Waits for whoever has its group, up to the lock timeout. */
export async function lockRow(tx: Transaction, key: RowKey): Promise<InboxRow | undefined> {
  await tx`select ${settings(tx)}`;
  await tx`select pg_advisory_xact_lock(hashtextextended(${key.groupKey}, 7))`;
  const [row] = await tx<InboxRow[]>`
    select ${columns(tx)} from inbox i
     where i.inbox_id = ${key.inboxId} and i.created = ${key.created} and i.status = 'pending'`;
  return row;
}

/** Somebody else held the lock: the groups step aside, and that counts as no try of their rows. */
export async function postponeBriefly(sql: Sql, groupKeys: readonly string[]): Promise<void> {
  await sql`
    update inbox set next_try_at = now() + make_interval(secs => ${LOCK_RETRY_MS / 1000})
     where (inbox_id, created) in (
       select inbox_id, created from inbox
        where group_key = any (${[...groupKeys]}) and status = 'pending' and next_try_at <= now() and failures = 0
        for update skip locked)`;
}

/** The group failed, and nothing of it was written: its rows are applied one by one, now. */
export async function suspectGroup(sql: Sql, groupKey: string, reason: string): Promise<void> {
  await sql`
    update inbox set failures = 1, reason = ${reason}
     where (inbox_id, created) in (
       select inbox_id, created from inbox
        where group_key = ${groupKey} and status = 'pending' and next_try_at <= now() and failures = 0
        order by inbox_id limit ${ROWS_PER_BATCH_MAX} for update skip locked)`;
}
