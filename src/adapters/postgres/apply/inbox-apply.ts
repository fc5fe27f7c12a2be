/**
 * Applies what waits in the inbox. Rows of one group (Stripe card, cardholder, session) are applied by one worker at
 * a time. Many groups share one transaction: the books move, the facts are written and the rows are settled together,
 * or not at all. What keeps a batch from being written is tried again group by group, then row by row (suspects.ts).
 */
import type { ApplyCounts } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { isDataError, isLockConflict, isOutage } from './data-error.ts';
import { type Batch, dueLanes } from './due-groups.ts';
import { type ApplyOptions, type InboxRow, type RowOutcome, reasonOf } from './inbox-row.ts';
import { applyGroupRows, openItems, readRows, settle } from './inbox-rows.ts';
import { endLease, type Lease, narrowLease, takeLease } from './leases.ts';
import type { LockMode } from './load-books.ts';
import { type LockedGroups, lockRows, postponeBriefly, suspectGroup } from './locked-rows.ts';
import { applyMoneyRows } from './money-rows.ts';

/** The first retry comes soon, because the missing row is often being written at this moment. */
const RETRY_FIRST_MS = 250;
/** Later retries double up to this. */
const RETRY_MAX_MS = 10 * 60_000;

export const RETRY = { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS };
export const NOTHING: ApplyCounts = { applied: 0, ignored: 0, parked: 0, attention: 0 };

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

export const plus = (a: ApplyCounts, b: ApplyCounts): ApplyCounts => ({
  applied: a.applied + b.applied,
  ignored: a.ignored + b.ignored,
  parked: a.parked + b.parked,
  attention: a.attention + b.attention,
});

/**
 * Applies the groups together: first those whose accounts are free, then those that another worker was busy with, and
 * one by one those that failed together or hold rows about more than money. `isTimedOut` when an account stayed locked.
 * When the database goes away the lease stays: nobody knows then what the batch came to.
 */
async function applyBatch(
  sql: Sql,
  { groupKeys, accountKey }: Batch,
  options: ApplyOptions,
): Promise<{ readonly counts: ApplyCounts; readonly isTimedOut: boolean }> {
  const lease = await takeLease(sql, options.relay ?? 'relay', groupKeys);
  const batch = { accountKey, lease };
  const free: Together =
    accountKey === null
      ? await tryTogether(sql, { ...batch, groupKeys, mode: 'skip', apart: [] }, options)
      : { counts: NOTHING, busy: groupKeys, apart: [], isTimedOut: false };
  // What it waited for is no account but a name, and nobody knows of which group: that shows when each is applied alone.
  const first = free.isTimedOut ? { ...free, apart: groupKeys } : free;
  const second = await tryTogether(
    sql,
    { ...batch, groupKeys: first.busy, mode: 'wait', apart: first.apart },
    options,
  );
  // Nothing is wrong with these: the others go on, and these have their turn a little later.
  if (second.isTimedOut) await postponeBriefly(sql, first.busy);
  let counts = plus(first.counts, second.counts);
  let left = second.apart;
  while (left.length > 0 && options.isStopping?.() !== true) {
    const [groupKey = '', ...rest] = left;
    counts = plus(counts, await applyAlone(sql, { lease, groupKey, rest }, options));
    left = rest;
  }
  // Else it went with the last of the transactions, if that was written.
  await endLease(sql, lease);
  return { counts, isTimedOut: second.isTimedOut };
}

/** `apart`: groups that are left for later, whatever comes of these. */
interface Try extends LockedGroups {
  readonly mode: LockMode;
  readonly apart: readonly string[];
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
  const { groupKeys, apart } = batch;
  const nothing = { counts: NOTHING, busy: [], apart, isTimedOut: false };
  if (groupKeys.length < 2) return { ...nothing, apart: [...apart, ...groupKeys] };
  try {
    return await sql.begin((tx) => applyTogether(tx, batch, options));
  } catch (error) {
    if (isLockConflict(error)) return { ...nothing, isTimedOut: true };
    if (isOutage(error)) throw error;
    // Nothing was written. Which group is to blame, and for what, shows when each is applied alone.
    if (!isDataError(error)) options.onError(`${groupKeys.length} groups together`, error);
    return { ...nothing, apart: [...apart, ...groupKeys] };
  }
}

async function applyTogether(
  tx: Transaction,
  batch: Try,
  options: ApplyOptions,
): Promise<Together> {
  const rows = await lockRows(tx, batch);
  const { ended, money, others } = readRows(rows, options);
  // Rows about cards and cardholders lock what they need in an order of their own.
  const mixed = new Set(others.map(({ row }) => row.group_key));
  const ours = money.filter(({ row }) => !mixed.has(row.group_key));
  const applied = await applyMoneyRows(tx, ours, options.clock, batch.mode);
  const outcomes = [...ended.filter(({ row }) => !mixed.has(row.group_key)), ...applied];
  await openItems(tx, outcomes);
  const done = new Set(applied.map(({ row }) => row.inbox_id));
  const isDone = ({ row }: { readonly row: InboxRow }): boolean => done.has(row.inbox_id);
  const busy = [...new Set(ours.filter((row) => !isDone(row)).map(({ row }) => row.group_key))];
  const apart = [...batch.apart, ...mixed];
  await Promise.all([
    settle(tx, outcomes, RETRY),
    narrowLease(tx, batch.lease, [...busy, ...apart]),
  ]);
  return { counts: countsOf(outcomes), busy, apart, isTimedOut: false };
}

interface Alone {
  readonly lease: Lease;
  readonly groupKey: string;
  /** Groups of the batch that come after this one. */
  readonly rest: readonly string[];
}

async function applyAlone(
  sql: Sql,
  { lease, groupKey, rest }: Alone,
  options: ApplyOptions,
): Promise<ApplyCounts> {
  try {
    return await sql.begin(async (tx) => {
      const rows = await lockRows(tx, { groupKeys: [groupKey], accountKey: null, lease });
      const outcomes = await applyGroupRows(tx, rows, options);
      await Promise.all([settle(tx, outcomes, RETRY), narrowLease(tx, lease, rest)]);
      return countsOf(outcomes);
    });
  } catch (error) {
    if (isOutage(error)) throw error;
    if (isLockConflict(error)) {
      await postponeBriefly(sql, [groupKey]);
    } else {
      options.onError(groupKey, error);
      await suspectGroup(sql, groupKey, reasonOf('failed with others', error));
    }
    return NOTHING;
  }
}

export function countsOf(outcomes: readonly RowOutcome[]): ApplyCounts {
  const count = (status: string): number => outcomes.filter((o) => o.status === status).length;
  return {
    applied: count('applied'),
    ignored: count('ignored'),
    parked: count('pending'),
    attention: count('attention'),
  };
}
