/**
 * Lists events with the official client. By a raw request: the client's own method turns decimals into objects of its
 * own, and what goes into the inbox must be what a delivery would have carried.
 */
import { Stripe } from 'stripe';
import { storableValue } from '../../platform/storable-text.ts';
import type { IncomingEvent } from '../../ports/event-intake.ts';
import type { EventLister, EventQuery } from '../../ports/event-lister.ts';
import { timed } from './answered-at.ts';
import { unavailable } from './client.ts';
import { groupKeyOf, objectIdOf } from './event-subject.ts';
import { flagAt, integerAt, type Json, objectsAt, textAt } from './wire.ts';

/** The most that Stripe lists in one call. */
const PAGE_SIZE = 100;

type RawAnswer = Json & {
  readonly lastResponse: { readonly headers: Readonly<Record<string, string | undefined>> };
};

export function createEventLister(stripe: Stripe): EventLister {
  const get = (stripeAccount: string | null, query: URLSearchParams): Promise<RawAnswer> =>
    named(() =>
      stripe.rawRequest(
        'GET',
        `/v1/events?${query.toString()}`,
        undefined,
        stripeAccount === null ? {} : { stripeAccount },
      ),
    );

  return {
    async nowS(stripeAccount) {
      const { asOfS } = await timed(() => get(stripeAccount, new URLSearchParams({ limit: '1' })));
      return asOfS;
    },
    async list(stripeAccount, query) {
      const answer = await get(stripeAccount, paramsOf(query));
      return {
        events: objectsAt(answer, 'data').map((event) => toIncoming(event, stripeAccount)),
        hasMore: flagAt(answer, 'has_more'),
      };
    },
  };
}

function paramsOf({ types, createdFromS, createdBeforeS, after }: EventQuery): URLSearchParams {
  const params = new URLSearchParams({
    limit: String(PAGE_SIZE),
    'created[gte]': String(createdFromS),
    'created[lt]': String(createdBeforeS),
  });
  for (const type of types) params.append('types[]', type);
  if (after !== null) params.set('starting_after', after);
  return params;
}

/** As the receiver of webhooks stores it: an event is the same whatever brings it. */
function toIncoming(listed: Json, stripeAccount: string | null): IncomingEvent {
  const payload = JSON.stringify(listed);
  const event = storableValue(payload) as Json;
  return {
    eventId: textAt(event, 'id'),
    stripeAccount,
    type: textAt(event, 'type'),
    objectId: objectIdOf(event),
    groupKey: groupKeyOf(event),
    created: integerAt(event, 'created'),
    payload,
  };
}

/** A list is never missing: whatever Stripe says of one is no answer. */
async function named<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof Stripe.errors.StripeError ? unavailable(error) : error;
  }
}
