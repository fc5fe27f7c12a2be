/**
 * Applies what waits in the inbox, one group (Stripe card, cardholder, session) a transaction: the books and the
 * directory move, the facts are written and the rows are settled together, or not at all.
 */
import type { ApplyCounts } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { type ApplyOptions, applyRows, type InboxRow, settle } from './inbox-rows.ts';

/** Rows of one group applied in one transaction: keeps the account's lock near 20 ms. */
const ROWS_PER_GROUP_MAX = 50;
/** The first retry comes soon, because the missing row is often being written at this moment. */
const RETRY_FIRST_MS = 250;
/** Later retries double up to this. */
const RETRY_MAX_MS = 10 * 60_000;

/** Applies up to `groupsMax` waiting groups, oldest first. Safe to run in several processes at once. */
export async function applyInbox(sql: Sql, options: ApplyOptions): Promise<ApplyCounts> {
  const groups = await sql<{ group_key: string }[]>`
    select group_key from inbox where status = 'pending' and next_try_at <= now()
     group by group_key order by min(inbox_id) limit ${options.groupsMax}`;
  const counts = await Promise.all(groups.map((row) => applyGroup(sql, row.group_key, options)));
  return {
    applied: sum(counts, (c) => c.applied),
    ignored: sum(counts, (c) => c.ignored),
    parked: sum(counts, (c) => c.parked),
    attention: sum(counts, (c) => c.attention),
  };
}

const sum = (counts: readonly ApplyCounts[], of: (c: ApplyCounts) => number): number =>
  counts.reduce((total, c) => total + of(c), 0);

const NOTHING: ApplyCounts = { applied: 0, ignored: 0, parked: 0, attention: 0 };

async function applyGroup(sql: Sql, groupKey: string, options: ApplyOptions): Promise<ApplyCounts> {
  try {
    return await sql.begin((tx) => applyLocked(tx, groupKey, options));
  } catch (error) {
    options.onError(groupKey, error);
    await postpone(sql, groupKey);
    return NOTHING;
  }
}

async function applyLocked(
  tx: Transaction,
  groupKey: string,
  options: ApplyOptions,
): Promise<ApplyCounts> {
  // One worker a group at a time, so that its rows are applied in one place; the others take other groups.
  const [lock] = await tx<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${groupKey}, 7)) as locked`;
  if (lock?.locked !== true) return NOTHING;
  const rows = await tx<InboxRow[]>`
    select i.inbox_id, i.event_id, i.type, i.created, i.payload, i.stripe_account, i.received_at, i.attempts,
           coalesce(i.tenant_id, t.tenant_id) as tenant_id
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
