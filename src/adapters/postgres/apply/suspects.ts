/**
 * Suspects: rows whose group failed, or whose relay died at work on them. Each is applied by itself, one after the other,
 * and each try is counted and committed before it begins: so a row that ends its process is found out too. One that has
 * failed too often is set aside for a person; its group goes on without it all the while.
 */
import { APPLY_ATTEMPTS_MAX, APPLY_RETRY_AFTER_MS } from '../../../domain/limits.ts';
import type { ApplyCounts } from '../../../ports/event-application.ts';
import type { Sql, Transaction } from '../pool.ts';
import { isLockConflict, isOutage } from './data-error.ts';
import { countsOf, NOTHING, plus, RETRY } from './inbox-apply.ts';
import { type ApplyOptions, brokenRow, reasonOf } from './inbox-row.ts';
import { applyGroupRows, openItems, settle } from './inbox-rows.ts';
import { suspectLeftBehind } from './leases.ts';
import { LOCK_RETRY_MS, lockRow, type RowKey } from './locked-rows.ts';

/** Rows looked at in one call: a second of work, after which the relay may stop. */
const SUSPECTS_PER_CALL_MAX = 100;
/** What is known of a failure when nobody lived to tell. */
const DIED = 'whoever applied it did not come back';

interface Suspect extends RowKey {
  readonly failures: number;
  /** What it failed with the last time that somebody could tell. */
  readonly reason: string | null;
}

/** Safe to run in several processes at once, beside `applyInbox`. */
export async function applySuspects(sql: Sql, options: ApplyOptions): Promise<ApplyCounts> {
  await suspectLeftBehind(sql);
  const suspects = await sql<Suspect[]>`
    select inbox_id as "inboxId", created, group_key as "groupKey", failures, reason from inbox
     where status = 'pending' and failures > 0 and next_try_at <= now()
     order by next_try_at, inbox_id limit ${SUSPECTS_PER_CALL_MAX}`;
  let counts = NOTHING;
  for (const suspect of suspects) {
    if (options.isStopping?.() === true) break;
    const isSpent = suspect.failures >= APPLY_ATTEMPTS_MAX;
    const done = isSpent
      ? await setAside(sql, suspect, suspect.reason ?? DIED, options)
      : await tryOnce(sql, suspect, options);
    counts = plus(counts, done);
  }
  return counts;
}

async function tryOnce(sql: Sql, suspect: Suspect, options: ApplyOptions): Promise<ApplyCounts> {
  const failures = await countTry(sql, suspect);
  // Another relay has it.
  if (failures === undefined) return NOTHING;
  try {
    return await sql.begin((tx) => applyRow(tx, suspect, options));
  } catch (error) {
    // Without a database nothing can be taken back: the try counts, in case that the row is what ended the connection.
    if (isOutage(error)) throw error;
    if (isLockConflict(error)) {
      // Somebody else held what it needs: that says nothing of the row, and the try does not count.
      await putOff(sql, suspect, LOCK_RETRY_MS);
      return NOTHING;
    }
    options.onError(suspect.groupKey, error);
    if (failures >= APPLY_ATTEMPTS_MAX)
      return setAside(sql, { ...suspect, failures }, error, options);
    await sql`
      update inbox set reason = ${reasonOf('failed', error)}
       where inbox_id = ${suspect.inboxId} and created = ${suspect.created} and status = 'pending'`;
    return NOTHING;
  }
}

async function applyRow(
  tx: Transaction,
  suspect: Suspect,
  options: ApplyOptions,
): Promise<ApplyCounts> {
  const row = await lockRow(tx, suspect);
  const outcomes = row === undefined ? [] : await applyGroupRows(tx, [row], options);
  await settle(tx, outcomes, RETRY);
  return countsOf(outcomes);
}

/** Until the next try is due the row is this relay's: it is committed that the try was begun. */
async function countTry(sql: Sql, suspect: Suspect): Promise<number | undefined> {
  const waitS = (APPLY_RETRY_AFTER_MS / 1000) * 4 ** (suspect.failures - 1);
  const [row] = await sql<{ failures: number }[]>`
    update inbox set failures = failures + 1,
           next_try_at = clock_timestamp() + make_interval(secs => ${waitS})
     where inbox_id = ${suspect.inboxId} and created = ${suspect.created} and status = 'pending'
       and failures = ${suspect.failures} and next_try_at <= clock_timestamp()
    returning failures`;
  return row?.failures;
}

/** With as many failures as it has. */
async function putOff(
  sql: Sql,
  { inboxId, created, failures }: Suspect,
  waitMs: number,
): Promise<void> {
  await sql`
    update inbox set failures = ${failures},
           next_try_at = clock_timestamp() + make_interval(secs => ${waitMs / 1000})
     where inbox_id = ${inboxId} and created = ${created} and status = 'pending'`;
}

/** What keeps one from being set aside must not keep the others from being tried. */
async function setAside(
  sql: Sql,
  suspect: Suspect,
  cause: unknown,
  { onError }: ApplyOptions,
): Promise<ApplyCounts> {
  try {
    return await sql.begin(async (tx) => {
      const row = await lockRow(tx, suspect);
      if (row === undefined) return NOTHING;
      const outcomes = [brokenRow(row, `handling it failed ${suspect.failures} times`, cause)];
      await openItems(tx, outcomes);
      await settle(tx, outcomes, RETRY);
      return countsOf(outcomes);
    });
  } catch (error) {
    if (isOutage(error)) throw error;
    const isBusy = isLockConflict(error);
    if (!isBusy) onError(suspect.groupKey, error);
    await putOff(sql, suspect, isBusy ? LOCK_RETRY_MS : RETRY.maxMs);
    return NOTHING;
  }
}
