/**
 * Objects without the person they belong to. Stripe embeds the cardholder in each card, and the card in each
 * authorization; nothing that is done with a fetched object needs a name or an address, and whoever was erased here must
 * not come back with it. Pure.
 */
import type { FetchedKind } from '../../ports/stripe-reader.ts';
import { isObject, type Json, optionalId, optionalObject } from './wire.ts';

/** All of a cardholder that is kept; whatever Stripe adds may be personal. */
const HOLDER_FIELDS = ['id', 'object', 'created', 'livemode', 'status', 'type'];
const CARD_FIELDS = [
  'id',
  'object',
  'brand',
  'cancellation_reason',
  'created',
  'currency',
  'exp_month',
  'exp_year',
  'last4',
  'latest_fraud_warning',
  'livemode',
  'replaced_by',
  'replacement_for',
  'replacement_reason',
  'status',
  'type',
];
const PARCEL_FIELDS = [
  'carrier',
  'eta',
  'service',
  'status',
  'tracking_number',
  'tracking_url',
  'type',
];

/** Of purchases: the cardholder's postal code, what a driver has typed, the names on a ticket. */
const PURCHASE_LEFT_OUT = ['verification_data', 'fleet', 'purchase_details'];

export function withoutPerson(kind: FetchedKind, object: Json): Json {
  switch (kind) {
    case 'cardholder':
      return withoutHolder(object);
    case 'card':
      return withoutCardholder(object);
    case 'authorization':
      return { ...purchase(object), ...records(object) };
    case 'transaction':
      return purchase(object);
    case 'dispute':
      return { ...without(object, ['evidence']), ...byId(object, 'transaction') };
  }
}

function withoutHolder(holder: Json): Json {
  const requirements = optionalObject(holder, 'requirements');
  return {
    ...only(holder, HOLDER_FIELDS),
    ...(requirements === null ? {} : { requirements: only(requirements, ['disabled_reason']) }),
  };
}

function withoutCardholder(card: Json): Json {
  const shipping = optionalObject(card, 'shipping');
  return {
    ...only(card, CARD_FIELDS),
    ...byId(card, 'cardholder'),
    ...(shipping === null ? {} : { shipping: only(shipping, PARCEL_FIELDS) }),
  };
}

/** Records that are given by their ids alone stay as they are. */
function records({ transactions }: Json): Json {
  if (!Array.isArray(transactions)) return {};
  return {
    transactions: transactions.map((one: unknown) => (isObject(one) ? purchase(one) : one)),
  };
}

const purchase = (object: Json): Json => ({
  ...without(object, PURCHASE_LEFT_OUT),
  ...byId(object, 'card'),
  ...byId(object, 'cardholder'),
  ...byId(object, 'authorization'),
});

const only = (object: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));

const without = (object: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** What may be given whole, as its id. */
const byId = (object: Json, name: string): Json =>
  object[name] === undefined ? {} : { [name]: optionalId(object, name) };
