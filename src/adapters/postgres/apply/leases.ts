/**
 * Leases tell of work that was begun: each is committed before a batch, and goes in the transactions of the batch. One
 * that expires without anybody at work on it was left behind by a relay that died. Its rows become suspects.
 */
import type { Sql, Transaction } from '../pool.ts';
import { ROWS_PER_BATCH_MAX } from './due-groups.ts';

/**
 * A batch takes some 50 ms, and each of its transactions begins a lease anew. One that is older is not looked at while
 * its transaction is open; a relay that needs longer between two of them has its rows applied one by one, as correctly.
 */
const LEASE_MS = 2_000;

export interface Lease {
  readonly leaseId: number;
  /** Groups that may still be under way. */
  readonly groupKeys: readonly string[];
}

/** Committed when it is answered. */
export async function takeLease(
  sql: Sql,
  relay: string,
  groupKeys: readonly string[],
): Promise<Lease> {
  const [row] = await sql<{ leaseId: number }[]>`
    insert into apply_leases (relay, group_keys, expires_at)
    values (${relay}, ${[...groupKeys]}, clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000}))
    returning lease_id as "leaseId"`;
  if (row === undefined) throw new Error('a lease was not written');
  return { leaseId: row.leaseId, groupKeys };
}

/** Says, with the work itself, what is left of it. */
export async function narrowLease(
  tx: Transaction,
  { leaseId }: Lease,
  left: readonly string[],
): Promise<void> {
  if (left.length === 0) {
    await tx`delete from apply_leases where lease_id = ${leaseId}`;
    return;
  }
  await tx`
    update apply_leases set group_keys = ${[...left]},
           expires_at = clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000})
     where lease_id = ${leaseId}`;
}

/** For work that came to an end without a transaction that says so. */
export async function endLease(sql: Sql, { leaseId }: Lease): Promise<void> {
  await sql`delete from apply_leases where lease_id = ${leaseId}`;
}

/**
 * Takes over the leases that were left behind: rows that their batches may have had count as failed once. Whoever is at
 * work on a lease has its row locked.
 */
export async function suspectLeftBehind(sql: Sql): Promise<number> {
  const suspects = await sql`
    with expired as materialized (
      select lease_id, group_keys, expires_at from apply_leases
       where expires_at <= clock_timestamp() for update skip locked),
    gone as (delete from apply_leases where lease_id in (select lease_id from expired)),
    suspects as (
      select distinct i.inbox_id, i.created
        from expired e cross join unnest(e.group_keys) g (group_key)
       cross join lateral (
         select inbox_id, created from inbox w
          where w.group_key = g.group_key and w.status = 'pending' and w.failures = 0 and w.next_try_at <= e.expires_at
          order by w.inbox_id limit ${ROWS_PER_BATCH_MAX}) i)
    update inbox i set failures = 1 from suspects s
     where i.inbox_id = s.inbox_id and i.created = s.created and i.status = 'pending' and i.failures = 0
    returning 1`;
  return suspects.length;
}
