/** Calls to Stripe one after the other, below its rate limit, and repeated while it is busy or away. */
import { type Pace, pause } from '../platform/pace.ts';
import { CallRefusedError, IssuerUnavailableError, TooManyCallsError } from '../ports/issuer.ts';

/** The first pause after a failed call; each further one is twice as long. */
const PAUSE_FIRST_MS = 1_000;
/** With these tries a call is given up after half a minute: whoever asked comes back later by itself. */
const TRIES_MAX = 6;

export interface Pacing {
  /** Shared by all who call Stripe from this process. */
  readonly pace: Pace;
  /** Tries of one call before Stripe counts as away; by default for half a minute. */
  readonly triesMax?: number | undefined;
}

/** @throws what the last try threw, or the signal's reason when it is aborted. */
export async function paced<T>(
  { pace, triesMax = TRIES_MAX }: Pacing,
  call: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    await pace.turn(signal);
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof IssuerUnavailableError) || tries >= triesMax) throw error;
      if (error instanceof CallRefusedError) throw error;
      const pauseMs = PAUSE_FIRST_MS * 2 ** (tries - 1);
      // Too many calls are too many whoever makes them, so that everybody waits. An account that refuses us is only
      // its own tenant's matter.
      if (error instanceof TooManyCallsError) pace.holdMs(pauseMs);
      else await pause(pauseMs, signal);
    }
  }
}
