/**
 * Reads objects with the official client, as raw JSON: what is stored is what an event would have carried, less the
 * person.
 */
import type { Stripe } from 'stripe';
import type { IssuerTenant } from '../../ports/issuer.ts';
import type {
  FetchedKind,
  FetchedObject,
  ObjectQuery,
  StripeReader,
} from '../../ports/stripe-reader.ts';
import { timed } from './answered-at.ts';
import { accountOf, reading } from './client.ts';
import { groupKeyOf } from './event-subject.ts';
import { withoutPerson } from './impersonal.ts';
import { FETCHED_TYPES } from './interpret-event.ts';
import { integerAt, isObject, type Json, objectsAt, optionalObject, textAt } from './wire.ts';

/** The most that Stripe lists in one call. */
const PAGE_SIZE = 100;

const PATHS: Readonly<Record<FetchedKind, string>> = {
  card: '/v1/issuing/cards',
  cardholder: '/v1/issuing/cardholders',
  authorization: '/v1/issuing/authorizations',
  transaction: '/v1/issuing/transactions',
  dispute: '/v1/issuing/disputes',
};

export function createStripeReader(stripe: Stripe): StripeReader {
  // Typed calls would turn decimals into objects of the library.
  const get = (tenant: IssuerTenant, path: string) =>
    reading(() => timed(() => stripe.rawRequest('GET', path, undefined, accountOf(tenant))));
  return {
    async read(tenant, kind, id) {
      const found = await get(tenant, `${PATHS[kind]}/${encodeURIComponent(id)}`);
      if (found === undefined || !isObject(found.answer)) return null;
      return fetched(kind, found.answer, found.asOfS);
    },

    async list(tenant, query) {
      const found = await get(tenant, `${PATHS[query.kind]}?${parametersOf(query).toString()}`);
      // A list is never missing, but its cursor may be: the object was deleted, as test data can be.
      if (found === undefined || !isObject(found.answer)) return { objects: [], hasMore: false };
      const { answer, asOfS } = found;
      return {
        objects: objectsAt(answer, 'data').map((object) => fetched(query.kind, object, asOfS)),
        hasMore: answer['has_more'] === true,
      };
    },
  };
}

function parametersOf(query: ObjectQuery): URLSearchParams {
  const { createdFromS, pendingOnly, stripeCardId, after } = query;
  return new URLSearchParams({
    limit: String(PAGE_SIZE),
    ...(createdFromS === null ? {} : { 'created[gte]': String(createdFromS) }),
    ...(pendingOnly ? { status: 'pending' } : {}),
    ...(stripeCardId === null ? {} : { card: stripeCardId }),
    ...(after === null ? {} : { starting_after: after }),
  });
}

function fetched(kind: FetchedKind, object: Json, asOfS: number): FetchedObject {
  const type = FETCHED_TYPES[kind];
  return {
    kind,
    id: textAt(object, 'id'),
    groupKey: groupKeyOf({ type, data: { object } }),
    type,
    asOfS,
    createdS: integerAt(object, 'created'),
    metadata: metadataOf(object),
    object: withoutPerson(kind, object),
  };
}

function metadataOf(object: Json): Readonly<Record<string, string>> {
  const entries = Object.entries(optionalObject(object, 'metadata') ?? {});
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}
