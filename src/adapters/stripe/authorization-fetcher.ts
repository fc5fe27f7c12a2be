/** Fetches authorizations with the official client. */
import type { Stripe } from 'stripe';
import type { AuthorizationFetcher } from '../../ports/authorization-fetcher.ts';
import { isObject, UnreadableEventError } from './wire.ts';

export function createAuthorizationFetcher(stripe: Stripe): AuthorizationFetcher {
  return {
    async fetch(stripeAccount, authorizationId) {
      const sentMs = performance.now();
      const object = await stripe.issuing.authorizations.retrieve(
        authorizationId,
        {},
        stripeAccount === null ? {} : { stripeAccount },
      );
      const tookMs = performance.now() - sentMs;
      const answeredMs = Date.parse(object.lastResponse.headers['date'] ?? '');
      if (Number.isNaN(answeredMs)) throw new UnreadableEventError('the answer carries no Date');
      // Through JSON, so that the client's wrapper types become what an event would have carried.
      const plain: unknown = JSON.parse(JSON.stringify(object));
      if (!isObject(plain)) throw new UnreadableEventError('the answer is not an object');
      return { object: plain, asOfS: Math.floor((answeredMs - tookMs) / 1000) };
    },
  };
}
