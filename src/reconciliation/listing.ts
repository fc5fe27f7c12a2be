/** Reads Stripe's list of events page by page, at a pace that leaves room for everybody else's calls. */
import type { Span } from '../domain/completeness.ts';
import type { IncomingEvent } from '../ports/event-intake.ts';
import {
  type EventLister,
  type EventPage,
  type EventQuery,
  LISTED_TYPES_MAX,
} from '../ports/event-lister.ts';
import { type Pacing, paced } from './paced.ts';

export interface Listing extends Pacing {
  readonly lister: EventLister;
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
