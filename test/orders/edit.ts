/** Changes of recorded events, for what happens at Stripe but never on the simulator. */
import { isObject, type Json, objectAt, objectsAt } from '../../src/adapters/stripe/wire.ts';

/** The event with another object in it. */
const withObject = (event: Json, object: Json): Json => ({
  ...event,
  data: { ...objectAt(event, 'data'), object },
});

export const objectOf = (event: Json): Json => objectAt(objectAt(event, 'data'), 'object');

/** Changes every transaction that the event tells of, its own or a listed one. */
export function editTransactions(event: Json, change: (transaction: Json) => unknown): Json {
  const object = objectOf(event);
  if (object['object'] === 'issuing.transaction') {
    const changed = change(object);
    return isObject(changed) ? withObject(event, changed) : event;
  }
  const listed = objectsAt(object, 'transactions');
  return listed.length === 0
    ? event
    : withObject(event, { ...object, transactions: listed.map(change) });
}

/** Listed transactions as ids alone. */
export const listedById = (event: Json): Json =>
  objectOf(event)['object'] === 'issuing.transaction'
    ? event
    : editTransactions(event, (transaction) => transaction['id']);

/** Listed transactions as ids alone, and clearing records that do not name their authorization. */
export const namedByListAlone = (event: Json): Json =>
  isTransaction(event)
    ? editTransactions(event, (transaction) => ({ ...transaction, authorization: null }))
    : listedById(event);

/** Clearing records that are dated days before they are told. */
export const backDated =
  (days: number) =>
  (event: Json): Json =>
    editTransactions(event, (transaction) => ({
      ...transaction,
      created: Number(transaction['created']) - days * 86_400,
    }));

/** Clearing records in another currency than the card's. */
export const clearedIn =
  (currency: string) =>
  (event: Json): Json =>
    editTransactions(event, (transaction) => ({ ...transaction, currency }));

export const isTransaction = (event: Json): boolean =>
  String(event['type']).startsWith('issuing_transaction');
