/** Fetches authorizations with the official client: one by its id, or a page of a list. */
import type { Stripe } from 'stripe';
import type {
  AuthorizationFetcher,
  AuthorizationLister,
} from '../../ports/authorization-fetcher.ts';
import { timed } from './answered-at.ts';
import { reading } from './client.ts';
import { withoutPerson } from './impersonal.ts';
import { integerAt, isObject, type Json, textAt, UnreadableEventError } from './wire.ts';

/** The most that Stripe lists in one call. */
const PAGE_SIZE = 100;

const accountOptions = (stripeAccount: string | null): { stripeAccount?: string } =>
  stripeAccount === null ? {} : { stripeAccount };

export function createAuthorizationFetcher(stripe: Stripe): AuthorizationFetcher {
  return {
    async fetch(stripeAccount, authorizationId) {
      const found = await reading(() =>
        timed(() =>
          stripe.issuing.authorizations.retrieve(
            authorizationId,
            {},
            accountOptions(stripeAccount),
          ),
        ),
      );
      if (found === undefined) return null;
      return { object: plain(found.answer), asOfS: found.asOfS };
    },
  };
}

export function createAuthorizationLister(stripe: Stripe): AuthorizationLister {
  return {
    async list(stripeAccount, { createdFromS, createdToS, stripeCardId, after }) {
      const { answer, asOfS } = await timed(() =>
        stripe.issuing.authorizations.list(
          {
            created: { gte: createdFromS, lte: createdToS },
            limit: PAGE_SIZE,
            ...(stripeCardId === null ? {} : { card: stripeCardId }),
            ...(after === null ? {} : { starting_after: after }),
          },
          accountOptions(stripeAccount),
        ),
      );
      const listed = answer.data.map((authorization) => {
        const object = plain(authorization);
        const createdS = integerAt(object, 'created');
        return { object, asOfS, createdS, authorizationId: textAt(object, 'id') };
      });
      return { listed, hasMore: answer.has_more };
    },
  };
}

/** Through JSON, so that the client's wrapper types become what an event would have carried, less the person. */
function plain(object: unknown): Json {
  const copy: unknown = JSON.parse(JSON.stringify(object));
  if (!isObject(copy)) throw new UnreadableEventError('the answer is not an object');
  return withoutPerson('authorization', copy);
}
