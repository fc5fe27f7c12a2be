/**
 * Keeps the schedules of each tenant's upkeep: at the start those of all tenants, by today's definition, then those of
 * new tenants as they come, and once a day whatever somebody has deleted.
 */
import type { CatchUpStore } from '../../ports/catch-up-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { UpkeepSchedules } from '../../ports/upkeep-schedules.ts';

/** Until a deleted schedule is made again the relay does the most urgent part of its work itself. */
const ROUND_EVERY_MS = 24 * 3_600_000;

export interface ScheduleRoundOptions {
  readonly clock: Clock;
  readonly isStopping?: () => boolean;
}

/** Takes the next round; rejects when Temporal is away, and what is left is then done by the next. */
export function createScheduleRound(
  store: Pick<CatchUpStore, 'tenants'>,
  schedules: UpkeepSchedules,
  { clock, isStopping }: ScheduleRoundOptions,
): () => Promise<boolean> {
  const renewed = new Set<string>();
  let kept = new Set<string>();
  let forgetAtMs = clock.nowMs() + ROUND_EVERY_MS;

  return async () => {
    if (clock.nowMs() >= forgetAtMs) {
      kept = new Set();
      forgetAtMs = clock.nowMs() + ROUND_EVERY_MS;
    }
    for (const { tenantId } of await store.tenants()) {
      if (isStopping?.() === true) return false;
      if (kept.has(tenantId)) continue;
      await schedules.keep(tenantId, !renewed.has(tenantId));
      renewed.add(tenantId);
      kept.add(tenantId);
    }
    return false;
  };
}
