/**
 * When a delivery that was not answered with 2xx is sent again, in simulator time. Pure. Stripe says "exponential,
 * up to three days" for live mode and "three times over a few hours" for sandboxes; its tables are not published, so
 * the numbers here are ours.
 */
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const THREE_DAYS_S = 3 * 24 * HOUR_S;

export const RETRY_SCHEDULES = ['fast', 'sandbox', 'live'] as const;
type RetryScheduleName = (typeof RETRY_SCHEDULES)[number];
/** The name of a schedule, or the waits before each repeat in seconds. */
export type RetrySchedule = RetryScheduleName | readonly number[];

interface Plan {
  /** Seconds to wait before the first, second, ... repeat. */
  readonly waits: readonly number[];
  /** Wait before each further repeat; null gives up. */
  readonly further: number | null;
}

const PLANS: Readonly<Record<RetryScheduleName, Plan>> = {
  /** For local development, where a receiver is away for seconds. */
  fast: { waits: [0.2, 1, 5, 30], further: MINUTE_S },
  sandbox: { waits: [10 * MINUTE_S, HOUR_S, 2 * HOUR_S], further: null },
  /** Doubling from a minute: the twelfth and last repeat is 2.8 days after the first attempt. */
  live: { waits: Array.from({ length: 12 }, (_, step) => MINUTE_S * 2 ** step), further: null },
};

/**
 * Seconds from the end of a failed attempt to the next one, or undefined when it was the last. `attempts` were made,
 * the first of them `sinceFirstS` seconds ago.
 */
export function nextWaitSeconds(
  schedule: RetrySchedule,
  attempts: number,
  sinceFirstS: number,
): number | undefined {
  const plan = typeof schedule === 'string' ? PLANS[schedule] : { waits: schedule, further: null };
  const wait = plan.waits[attempts - 1];
  if (wait !== undefined) return wait;
  const over = plan.further === null || sinceFirstS + plan.further > THREE_DAYS_S;
  return over ? undefined : (plan.further ?? undefined);
}
