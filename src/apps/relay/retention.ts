/** Keeps the inbox in shape: the months that come are prepared, and what is older than it is kept goes. */

import type { Sql } from '../../adapters/postgres/pool.ts';
import {
  deleteOldRows,
  dropOldEvents,
  prepareInbox,
} from '../../adapters/postgres/retention-store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Loop, startLoop } from './loop.ts';
import type { RetentionMetrics } from './retention-metrics.ts';

/** What goes is months old: an hour is soon enough for it, and for a part that was busy. */
const RETENTION_PAUSE_MS = 3_600_000;
/** A month that could not be prepared is tried again before many of its events have to be moved. */
const PREPARATION_PAUSE_MS = 5 * 60_000;
/** Rows of one statement; it takes a second at most. */
const ROWS_PER_STEP_MAX = 5_000;

export interface RetentionDependencies {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RetentionMetrics;
  readonly keptDays: number;
}

export const startRetention = (
  deps: RetentionDependencies,
  onError: (error: unknown) => void,
): readonly Loop[] => [
  startLoop({ pauseMs: PREPARATION_PAUSE_MS, onError, step: createPreparation(deps) }),
  startLoop({ pauseMs: RETENTION_PAUSE_MS, onError, step: createRetentionRound(deps) }),
];

/** A month that cannot be prepared now, because somebody reads the inbox, is prepared some minutes later. */
export const createPreparation =
  ({ sql, clock }: Pick<RetentionDependencies, 'sql' | 'clock'>) =>
  async (): Promise<boolean> => {
    await prepareInbox(sql, clock.nowMs());
    return false;
  };

/** Takes the next step; true when more rows are due. Safe to run in several relays at once. */
export function createRetentionRound(deps: RetentionDependencies): () => Promise<boolean> {
  const { sql, clock, logger, metrics, keptDays } = deps;
  return async () => {
    const nowMs = clock.nowMs();
    const parts = await dropOldEvents(sql, { nowMs, keptDays });
    for (const part of parts) {
      if (part.keptFor === null)
        logger.info(part, 'a month of events was older than they are kept');
      else logger.warn(part, 'a month of events is older than they are kept, and had to stay');
    }
    const rows = await deleteOldRows(sql, { nowMs, keptDays, limit: ROWS_PER_STEP_MAX });
    metrics.ran(nowMs, parts, rows);
    return rows.some(({ deleted }) => deleted === ROWS_PER_STEP_MAX);
  };
}
