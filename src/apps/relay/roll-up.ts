/** Rolls the ledger up again and again, so that a trial balance reads totals and little else. */
import { rollUpLedger } from '../../adapters/postgres/ledger-roll-up.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { type Loop, startLoop } from './loop.ts';
import type { RelayMetrics } from './relay-metrics.ts';

/** What is newer than the last roll-up is summed by every reader: seconds of postings are little to read. */
const ROLL_UP_PAUSE_MS = 5_000;

export const startRollUp = (
  { sql, metrics }: { readonly sql: Sql; readonly metrics: Pick<RelayMetrics, 'rolledUp'> },
  onError: (error: unknown) => void,
): Loop =>
  startLoop({
    pauseMs: ROLL_UP_PAUSE_MS,
    onError,
    async step() {
      const { waiting } = await rollUpLedger(sql);
      metrics.rolledUp(Date.now(), waiting);
      return false;
    },
  });
