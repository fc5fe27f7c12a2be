/** Sums what is new in the ledger into its totals, so that a trial balance never has to read all postings. */
import { invariant } from '../../domain/invariant.ts';
import type { Sql } from './pool.ts';

/**
 * The first roll-up after a restore, or after days without one, sums millions of postings: seconds each. It locks
 * nothing that a decision waits for; longer than this it is stuck.
 */
const ROLL_UP_TIMEOUT_MS = 10 * 60_000;
/** Counted to here: so many are far too many, and counting on would only cost time. */
const POSTINGS_COUNTED_MAX = 100_000;

export interface RollUp {
  /** Totals that changed. */
  readonly changed: number;
  /** Postings that were too young to be summed; many of them mean that a transaction has been open for long. */
  readonly waiting: number;
}

/** Safe to run in several processes at once: one waits for the other. */
export async function rollUpLedger(sql: Sql): Promise<RollUp> {
  const changed = await sql.begin(async (tx) => {
    await tx`select set_config('statement_timeout', ${`${ROLL_UP_TIMEOUT_MS}ms`}, true)`;
    const [row] = await tx<{ changed: number }[]>`select roll_up_ledger() as changed`;
    return row?.changed;
  });
  const [newer] = await sql<{ waiting: number }[]>`
    select count(*) as waiting from (
      select 1 from ledger_roll_up r join postings p
          on p.posting_id > r.restored_up_to and p.written_by >= r.rolled_up_to
         and p.written_by < pg_snapshot_xmax(pg_current_snapshot())
       limit ${POSTINGS_COUNTED_MAX}) young`;
  invariant(changed !== undefined && newer !== undefined, 'a function and a count answer one row');
  return { changed, waiting: newer.waiting };
}
