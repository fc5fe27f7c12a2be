/** Reads Stripe's list of events page by page, at a pace that leaves room for everybody else's calls. */
import type { Span } from '../domain/completeness.ts';
import type { Pace } from '../platform/pace.ts';
import type { IncomingEvent } from '../ports/event-intake.ts';
import {
  type EventLister,
  type EventPage,
  type EventQuery,
  LISTED_TYPES_MAX,
  ListRefusedError,
  TooManyCallsError,
} from '../ports/event-lister.ts';
import { IssuerUnavailableError } from '../ports/issuer.ts';

/** The first pause after a failed call; each further one is twice as long. */
const PAUSE_FIRST_MS = 1_000;
/** With these tries a call is given up after half a minute: whoever asked comes back later by itself. */
const TRIES_MAX = 6;

export interface Listing {
  readonly lister: EventLister;
  /** Shared by all who call Stripe from this process. */
  readonly pace: Pace;
  /** Tries of one call before Stripe counts as away; by default for half a minute. */
  readonly triesMax?: number | undefined;
}

interface Wanted extends Span {
  readonly stripeAccount: string | null;
  readonly types: readonly string[];
}

export const stripeNowS = (
  listing: Listing,
  stripeAccount: string | null,
  signal?: AbortSignal,
): Promise<number> => paced(listing, () => listing.lister.nowS(stripeAccount), signal);

/** Every page of events of these types within the span. Rejects with the signal's reason when it is aborted. */
export async function* pagesOf(
  listing: Listing,
  { stripeAccount, types, fromS, toS }: Wanted,
  signal?: AbortSignal,
): AsyncGenerator<readonly IncomingEvent[]> {
  for (let from = 0; from < types.length; from += LISTED_TYPES_MAX) {
    const some = types.slice(from, from + LISTED_TYPES_MAX);
    let after: string | null = null;
    do {
      const query: EventQuery = { types: some, createdFromS: fromS, createdBeforeS: toS, after };
      const page: EventPage = await paced(
        listing,
        () => listing.lister.list(stripeAccount, query),
        signal,
      );
      yield page.events;
      after = page.hasMore ? (page.events.at(-1)?.eventId ?? null) : null;
    } while (after !== null);
  }
}

/** Makes the call in its turn, and again after a pause while Stripe is busy or away. */
async function paced<T>(
  { pace, triesMax = TRIES_MAX }: Listing,
  call: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    await pace.turn(signal);
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof IssuerUnavailableError) || tries >= triesMax) throw error;
      if (error instanceof ListRefusedError) throw error;
      const pauseMs = PAUSE_FIRST_MS * 2 ** (tries - 1);
      // Too many calls are too many whoever makes them, so that everybody waits; else only this one does.
      if (error instanceof TooManyCallsError) pace.holdMs(pauseMs);
      else await pause(pauseMs, signal);
    }
  }
}

/** Resolves after the time, or as soon as the signal is aborted. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
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
