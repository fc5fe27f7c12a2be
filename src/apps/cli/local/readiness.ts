/** Waiting for a condition with a deadline. Nothing in the local stack sleeps for a guessed time. */
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly everyMs: number;
  /** Ends the wait early, e.g. because the stack is being stopped. */
  readonly signal: AbortSignal;
}

/** Resolves with true once `check` does, with false at the deadline. Rejects when the signal is aborted. */
export async function waitUntil(
  check: () => Promise<boolean> | boolean,
  options: WaitOptions,
): Promise<boolean> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    if (await check()) return true;
    if (performance.now() >= deadline) return false;
    await delay(options.everyMs, undefined, { signal: options.signal });
  }
}

/** One probe must not outlive the poll that asked by much; a local answer takes milliseconds. */
const PROBE_TIMEOUT_MS = 2_000;

/** True if the address answers a GET with a 2xx status. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
