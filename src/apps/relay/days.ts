/**
 * The proof of days without Temporal: those that no night's look has compared in time are compared by the relay. One
 * relay at a time takes a tenant, so that several do not list the same days.
 */
import type { Clock } from '../../ports/clock.ts';
import { type CompletenessPorts, checkDays } from '../../reconciliation/completeness.ts';

const MS_PER_SECOND = 1_000;

export interface DayRoundOptions {
  readonly clock: Clock;
  /** Ends what is under way at the end of the process. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Looks at the next tenant's days; true when there may be another's. One that fails is tried again after an hour. */
export function createDayRound(
  ports: CompletenessPorts,
  { clock, signal, onError }: DayRoundOptions,
): () => Promise<boolean> {
  return async () => {
    const nowS = Math.floor(clock.nowMs() / MS_PER_SECOND);
    const tenant = await ports.completeness.takeOverdue(nowS);
    if (tenant === undefined) return false;
    try {
      await checkDays(ports, tenant, { isFilling: true, signal });
    } catch (error) {
      if (signal.aborted) return false;
      onError(error);
    }
    return true;
  };
}
