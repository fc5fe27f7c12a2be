/**
 * Applies what waits in the inbox, one group (Stripe card, cardholder, session) a transaction: the books and the
 * directory move, the facts are written and the rows are settled together, or not at all.
 */
import type { ApplyCounts } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { isLockTimeout } from './data-error.ts';
import type { ApplyOptions, InboxRow } from './inbox-row.ts';
import { applyRows, settle } from './inbox-rows.ts';

/** Rows of one group applied in one transaction: keeps the account's lock near 20 ms. */
const ROWS_PER_GROUP_MAX = 50;
/** Waiting rows looked at to find groups: read from the index, whatever the backlog. */
const CANDIDATE_ROWS_MAX = 500;
/** Groups begun in one call: seconds of work at most, even when each has to wait for a lock. */
const CANDIDATE_GROUPS_MAX = 64;
/** The first retry comes soon, because the missing row is often being written at this moment. */
const RETRY_FIRST_MS = 250;
/** Later retries double up to this. */
const RETRY_MAX_MS = 10 * 60_000;
/** An account that is locked for this long is another's for now; waiting on would keep other groups out. */
const LOCK_TIMEOUT_MS = 250;
/** The holder of such a lock is done within moments, and nothing is wrong with the group. */
const LOCK_RETRY_MS = 500;

const NOTHING: ApplyCounts = { applied: 0, ignored: 0, parked: 0, attention: 0 };

/**
 * Applies the groups that wait longest, `groupsMax` at a time: a slow one keeps its place, the others go on.
 * Safe to run in several processes at once.
 */
export async function applyInbox(sql: Sql, options: ApplyOptions): Promise<ApplyCounts> {
  const candidates = await sql<{ group_key: string }[]>`
    select group_key
      from (select group_key, inbox_id from inbox where status = 'pending' and next_try_at <= now()
             order by next_try_at, inbox_id limit ${CANDIDATE_ROWS_MAX}) c
     group by 1 order by min(inbox_id) limit ${CANDIDATE_GROUPS_MAX}`;
  let total = NOTHING;
  // One iterator for all: whoever ends a group takes the next one.
  const queue = candidates.values();
  const work = async (): Promise<void> => {
    for (const { group_key: groupKey } of queue) {
      if (options.isStopping?.() === true) return;
      const counts = await applyGroup(sql, groupKey, options);
      total = plus(total, counts);
    }
  };
  const workers = Math.min(options.groupsMax, candidates.length);
  const ended = await Promise.allSettled(Array.from({ length: workers }, work));
  const failed = ended.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return total;
}

const plus = (a: ApplyCounts, b: ApplyCounts): ApplyCounts => ({
  applied: a.applied + b.applied,
  ignored: a.ignored + b.ignored,
  parked: a.parked + b.parked,
  attention: a.attention + b.attention,
});

async function applyGroup(sql: Sql, groupKey: string, options: ApplyOptions): Promise<ApplyCounts> {
  try {
    return await sql.begin((tx) => applyLocked(tx, groupKey, options));
  } catch (error) {
    if (isLockTimeout(error)) {
      await postponeBriefly(sql, groupKey);
    } else {
      options.onError(groupKey, error);
      await postpone(sql, groupKey);
    }
    return NOTHING;
  }
}

async function applyLocked(
  tx: Transaction,
  groupKey: string,
  options: ApplyOptions,
): Promise<ApplyCounts> {
  await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`;
  // One worker a group at a time, so that its rows are applied in one place; the others take other groups.
  const [lock] = await tx<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${groupKey}, 7)) as locked`;
  if (lock?.locked !== true) return NOTHING;
  const rows = await tx<InboxRow[]>`
    select i.inbox_id, i.event_id, i.source, i.type, i.object_id, i.created, i.payload, i.stripe_account,
           i.received_at, i.attempts, coalesce(i.tenant_id, t.tenant_id) as tenant_id
      from inbox i left join tenants t on t.stripe_account is not distinct from i.stripe_account
     where i.group_key = ${groupKey} and i.status = 'pending' and i.next_try_at <= now()
     order by i.inbox_id limit ${ROWS_PER_GROUP_MAX}`;
  const outcomes = await applyRows(tx, rows, options);
  await settle(tx, outcomes, { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS });
  const count = (status: string): number => outcomes.filter((o) => o.status === status).length;
  return {
    applied: count('applied'),
    ignored: count('ignored'),
    parked: count('pending'),
    attention: count('attention'),
  };
}

/** After an error nothing was written; the group waits a little longer each time. */
async function postpone(sql: Sql, groupKey: string): Promise<void> {
  await sql`
    update inbox set attempts = attempts + 1,
           next_try_at = now() + least(make_interval(secs => ${RETRY_FIRST_MS / 1000} * power(2, least(attempts, 20))),
             make_interval(secs => ${RETRY_MAX_MS / 1000}))
     where group_key = ${groupKey} and status = 'pending' and next_try_at <= now()`;
}

/** Somebody else held the lock: the group steps aside, and that counts as no try of its rows. */
async function postponeBriefly(sql: Sql, groupKey: string): Promise<void> {
  await sql`
    update inbox set next_try_at = now() + make_interval(secs => ${LOCK_RETRY_MS / 1000})
     where group_key = ${groupKey} and status = 'pending' and next_try_at <= now()`;
}
