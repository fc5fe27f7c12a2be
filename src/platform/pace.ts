/**
 * Spaces calls to somebody else's server, so that they stay below its rate limit whoever makes them. Goes by the real
 * clock: the limit is of the server's machine, and days that leap in a demo give no room there.
 */

const MS_PER_SECOND = 1_000;

export interface Pace {
  /**
   * Resolves when the next call may be made. Turns are given in the order in which they were asked for.
   * @throws the signal's reason when it is aborted before that.
   */
  turn(signal?: AbortSignal): Promise<void>;
  /** The server said that it is too much: no turn is given for this long. */
  holdMs(ms: number): void;
}

/** At most so many calls a second, evenly; fewer than one is a call in several seconds. */
export function createPace(callsPerS: number): Pace {
  const gapMs = MS_PER_SECOND / callsPerS;
  /** When the last turn that was given begins, and until when none is. */
  let lastMs = Number.NEGATIVE_INFINITY;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let queue: Promise<void> = Promise.resolve();

  async function next(signal: AbortSignal | undefined): Promise<void> {
    // Looked at again after each wait: the server may have asked for more time meanwhile.
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = Math.max(lastMs + gapMs, heldUntilMs) - performance.now();
      if (waitMs <= 0) break;
      await pause(waitMs, signal);
    }
    lastMs = performance.now();
  }

  return {
    turn(signal) {
      const turn = queue.then(() => next(signal));
      // Whoever was aborted leaves the queue without holding up those behind.
      queue = turn.catch(() => {});
      return turn;
    },
    holdMs(ms) {
      heldUntilMs = Math.max(heldUntilMs, performance.now() + ms);
    },
  };
}

/** Resolves after the time, or as soon as the signal is aborted, whichever comes first. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
