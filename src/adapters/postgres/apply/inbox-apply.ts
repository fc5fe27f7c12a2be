/**
 * Applies what waits in the inbox. Rows of one group (Stripe card, cardholder, session) are applied by one worker at
 * a time. Many groups share one transaction: the books move, the facts are written and the rows are settled together,
 * or not at all. What keeps a batch from being written is tried again group by group, then row by row.
 */
import type { ApplyCounts } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { isDataError, isLockTimeout } from './data-error.ts';
import { type Batch, dueLanes } from './due-groups.ts';
import type { ApplyOptions, InboxRow, RowOutcome } from './inbox-row.ts';
import { applyGroupRows, openItems, readRows, settle } from './inbox-rows.ts';
import type { LockMode } from './load-books.ts';
import { applyMoneyRows } from './money-rows.ts';

/** Rows applied in one transaction: keeps the accounts' locks near 20 ms. */
const ROWS_PER_BATCH_MAX = 50;
/** The first retry comes soon, because the missing row is often being written at this moment. */
const RETRY_FIRST_MS = 250;
/** Later retries double up to this. */
const RETRY_MAX_MS = 10 * 60_000;
/** An account that is locked for this long is another's for now; waiting on would keep other groups out. */
const LOCK_TIMEOUT_MS = 250;
/** The holder of such a lock is done within moments, and nothing is wrong with the group. */
const LOCK_RETRY_MS = 500;

const RETRY = { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS };
const NOTHING: ApplyCounts = { applied: 0, ignored: 0, parked: 0, attention: 0 };

/**
 * Applies the groups that wait longest, in batches, `lanesMax` of them side by side: a slow one keeps its place, the
 * others go on. Safe to run in several processes at once.
 */
export async function applyInbox(sql: Sql, options: ApplyOptions): Promise<ApplyCounts> {
  const lanes = await dueLanes(sql);
  let total = NOTHING;
  // One iterator for all: whoever ends a lane takes the next one.
  const queue = lanes.values();
  const work = async (): Promise<void> => {
    for (const lane of queue) {
      for (const batch of lane) {
        if (options.isStopping?.() === true) return;
        const { counts, isTimedOut } = await applyBatch(sql, batch, options);
        total = plus(total, counts);
        if (isTimedOut) break;
      }
    }
  };
  const workers = Math.min(options.lanesMax, lanes.length);
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

/**
 * Applies the groups together: first those whose accounts are free, then those that another worker was busy with, and
 * one by one those that failed together or hold rows about more than money. `isTimedOut` when an account stayed locked.
 */
async function applyBatch(
  sql: Sql,
  { groupKeys, accountKey }: Batch,
  options: ApplyOptions,
): Promise<{ readonly counts: ApplyCounts; readonly isTimedOut: boolean }> {
  const first =
    accountKey === null
      ? await tryTogether(sql, { groupKeys, accountKey, mode: 'skip' }, options)
      : { counts: NOTHING, busy: groupKeys, apart: [] };
  const second = await tryTogether(
    sql,
    { groupKeys: first.busy, accountKey, mode: 'wait' },
    options,
  );
  // Nothing is wrong with these: the others go on, and these have their turn a little later.
  if (second.isTimedOut) await postponeBriefly(sql, first.busy);
  let counts = plus(first.counts, second.counts);
  for (const groupKey of [...first.apart, ...second.apart]) {
    if (options.isStopping?.() === true) break;
    counts = plus(counts, await applyAlone(sql, groupKey, options));
  }
  return { counts, isTimedOut: second.isTimedOut };
}

/** `accountKey`: only if no other worker, of any relay, has a batch of that account alone. */
interface Try extends Batch {
  readonly mode: LockMode;
}

interface Together {
  readonly counts: ApplyCounts;
  /** Groups whose account somebody else has locked. */
  readonly busy: readonly string[];
  /** Groups that have to be applied alone. */
  readonly apart: readonly string[];
  /** Nothing was done, because an account was locked by somebody else for too long. */
  readonly isTimedOut: boolean;
}

async function tryTogether(sql: Sql, batch: Try, options: ApplyOptions): Promise<Together> {
  const { groupKeys } = batch;
  const nothing = { counts: NOTHING, busy: [], apart: [], isTimedOut: false };
  if (groupKeys.length < 2) return { ...nothing, apart: groupKeys };
  try {
    return await sql.begin((tx) => applyTogether(tx, batch, options));
  } catch (error) {
    if (isLockTimeout(error)) return { ...nothing, isTimedOut: true };
    // Nothing was written. Which group is to blame, and for what, shows when each is applied alone.
    if (!isDataError(error)) options.onError(`${groupKeys.length} groups together`, error);
    return { ...nothing, apart: groupKeys };
  }
}

async function applyTogether(
  tx: Transaction,
  { groupKeys, accountKey, mode }: Try,
  options: ApplyOptions,
): Promise<Together> {
  const rows = await lockRows(tx, groupKeys, accountKey);
  const { ended, money, others } = readRows(rows, options);
  // Rows about cards and cardholders lock what they need in an order of their own.
  const mixed = new Set(others.map(({ row }) => row.group_key));
  const ours = money.filter(({ row }) => !mixed.has(row.group_key));
  const applied = await applyMoneyRows(tx, ours, options.clock, mode);
  const outcomes = [...ended.filter(({ row }) => !mixed.has(row.group_key)), ...applied];
  await openItems(tx, outcomes);
  await settle(tx, outcomes, RETRY);
  const done = new Set(applied.map(({ row }) => row.inbox_id));
  const busy = ours.filter(({ row }) => !done.has(row.inbox_id)).map(({ row }) => row.group_key);
  return {
    counts: countsOf(outcomes),
    busy: [...new Set(busy)],
    apart: [...mixed],
    isTimedOut: false,
  };
}

async function applyAlone(sql: Sql, groupKey: string, options: ApplyOptions): Promise<ApplyCounts> {
  try {
    return await sql.begin(async (tx) => {
      const rows = await lockRows(tx, [groupKey], null);
      const outcomes = await applyGroupRows(tx, rows, options);
      await settle(tx, outcomes, RETRY);
      return countsOf(outcomes);
    });
  } catch (error) {
    if (isLockTimeout(error)) {
      await postponeBriefly(sql, [groupKey]);
    } else {
      options.onError(groupKey, error);
      await postpone(sql, groupKey);
    }
    return NOTHING;
  }
}

function countsOf(outcomes: readonly RowOutcome[]): ApplyCounts {
  const count = (status: string): number => outcomes.filter((o) => o.status === status).length;
  return {
    applied: count('applied'),
    ignored: count('ignored'),
    parked: count('pending'),
    attention: count('attention'),
  };
}

/** The due rows of those groups that no other worker has at the moment, oldest first. */
async function lockRows(
  tx: Transaction,
  groupKeys: readonly string[],
  accountKey: string | null,
): Promise<readonly InboxRow[]> {
  // In a statement of its own: what another worker did with a group before its lock was free is seen by the next.
  // A batch is a few dozen rows, each found by its key, and plans are kept: one that was made while the tables were
  // small, and reads them whole, would stay when they have grown.
  const locked = await tx<{ group_key: string }[]>`
    select group_key
      from (select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true),
                   set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
                   set_config('enable_mergejoin', 'off', true),
                   ${accountKey}::text is null
                     or pg_try_advisory_xact_lock(hashtextextended(${accountKey}, 13)) as is_free) c,
           unnest(${[...groupKeys]}::text[]) group_key
     where c.is_free and pg_try_advisory_xact_lock(hashtextextended(group_key, 7))`;
  if (locked.length === 0) return [];
  // Group by group, so that only waiting rows are read, however long the inbox has become.
  return tx<InboxRow[]>`
    select i.inbox_id, i.group_key, i.event_id, i.source, i.type, i.object_id, i.created, i.payload, i.stripe_account,
           i.received_at, i.attempts,
           case when i.tenant_id is not null then i.tenant_id
                when i.stripe_account is null then (select tenant_id from tenants where stripe_account is null)
                else (select t.tenant_id from tenants t where t.stripe_account = i.stripe_account) end as tenant_id
      from unnest(${locked.map((row) => row.group_key)}::text[]) g (group_key)
      cross join lateral (
        select * from inbox w
         where w.group_key = g.group_key and w.status = 'pending' and w.next_try_at <= now()
         order by w.inbox_id limit ${ROWS_PER_BATCH_MAX}) i
     order by i.inbox_id limit ${ROWS_PER_BATCH_MAX}`;
}

/** After an error nothing was written; the group waits a little longer each time. */
async function postpone(sql: Sql, groupKey: string): Promise<void> {
  await sql`
    update inbox set attempts = attempts + 1,
           next_try_at = now() + least(make_interval(secs => ${RETRY_FIRST_MS / 1000} * power(2, least(attempts, 20))),
             make_interval(secs => ${RETRY_MAX_MS / 1000}))
     where inbox_id in (${dueOf(sql, [groupKey])})`;
}

/** Somebody else held the lock: the groups step aside, and that counts as no try of their rows. */
async function postponeBriefly(sql: Sql, groupKeys: readonly string[]): Promise<void> {
  await sql`
    update inbox set next_try_at = now() + make_interval(secs => ${LOCK_RETRY_MS / 1000})
     where inbox_id in (${dueOf(sql, groupKeys)})`;
}

/** Without the rows that another worker has by now. */
const dueOf = (sql: Sql, groupKeys: readonly string[]) => sql`
  select inbox_id from inbox
   where group_key = any (${[...groupKeys]}) and status = 'pending' and next_try_at <= now()
   for update skip locked`;
