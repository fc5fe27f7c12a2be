/** Waiting in tests: for a condition, with a deadline, never for a time. */
import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** By default 5 s, which is long for anything on one machine. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

const TIMEOUT_MS = 5_000;
const EVERY_MS = 25;

/**
 * Calls `check` until it returns something other than false, undefined or null, and resolves with that.
 * A check that throws is tried again; at the deadline its last error is the reason.
 */
export async function eventually<T>(
  check: () => Promise<T> | T,
  options: EventuallyOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS } = options;
  const deadline = performance.now() + timeoutMs;
  let reason: unknown = new Error('the condition never became true');
  for (;;) {
    try {
      const value = await check();
      if (value !== false && value !== undefined && value !== null) {
        return value as NonNullable<Exclude<T, false>>;
      }
    } catch (error) {
      reason = error;
    }
    if (performance.now() >= deadline) {
      const words = reason instanceof Error ? reason.message : String(reason);
      throw new Error(`Not within ${timeoutMs} ms: ${words}`, { cause: reason });
    }
    await delay(everyMs);
  }
}
