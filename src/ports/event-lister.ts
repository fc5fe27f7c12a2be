/** Stripe's own list of events: what was made, whether or not it was delivered. */
import type { IncomingEvent } from './event-intake.ts';

/** More types than this in one call are refused. */
export const LISTED_TYPES_MAX = 20;

export interface EventQuery {
  /** At most `LISTED_TYPES_MAX`. */
  readonly types: readonly string[];
  /** Stripe's seconds, inclusive. */
  readonly createdFromS: number;
  /** Exclusive. */
  readonly createdBeforeS: number;
  /** Id of the last event of the page before; null for the first page. */
  readonly after: string | null;
}

export interface EventPage {
  /** The newest first. */
  readonly events: readonly IncomingEvent[];
  readonly hasMore: boolean;
}

export interface EventLister {
  /** The second that Stripe's clock shows for this account. */
  nowS(stripeAccount: string | null): Promise<number>;
  /** @throws TooManyCallsError or IssuerUnavailableError when there is no list to be had now. */
  list(stripeAccount: string | null, query: EventQuery): Promise<EventPage>;
}
