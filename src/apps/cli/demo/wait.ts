/** Waits for something that others bring about, with a deadline and a sentence for when it does not happen. */

/** How often is looked. */
const POLL_MS = 60;
/** Everything the demo waits for takes a few seconds at most, also with 40 cards on two cores. */
const DEADLINE_MS = 60_000;

export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > until) {
      throw new Error(`waited ${deadlineMs / 1000} s, but it did not happen: ${what}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}
