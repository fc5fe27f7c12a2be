/** Stripe's authorization and transaction objects, read into the domain's views. */
import type {
  AmountParts,
  AuthorizationSnapshot,
  HistoryEntry,
  ListedCapture,
  Merchant,
  ObservedTransaction,
  PreviousFields,
  SnapshotRank,
} from '../../domain/authorization-state.ts';
import { parseAuthorizationId, parseStripeCardId, parseTransactionId } from '../../domain/ids.ts';
import {
  type Currency,
  type MinorUnits,
  minorUnits,
  parseCurrency,
  ZERO,
} from '../../domain/money.ts';
import {
  flagAt,
  idAt,
  integerAt,
  isObject,
  type Json,
  objectsAt,
  oneOf,
  optionalId,
  optionalObject,
  optionalText,
  textAt,
  UnreadableEventError,
} from './wire.ts';

const STATUSES = ['pending', 'closed', 'reversed', 'expired'] as const;

export function readCurrency(parent: Json, name: string): Currency {
  const text = textAt(parent, name);
  const currency = parseCurrency(text);
  if (currency === undefined)
    throw new UnreadableEventError(`${name} "${text}" is no known currency`);
  return currency;
}

/** Networks give a merchant's name some 25 characters; its code, country and id have fewer. */
const MERCHANT_TEXT_CHARACTERS_MAX = 200;

export function readMerchant(parent: Json): Merchant {
  // Money is booked whoever took it, so a record without a merchant is readable all the same.
  const merchant = optionalObject(parent, 'merchant_data') ?? {};
  // A part of a code would be another code, so one that is too long is not told.
  const code = (name: string): string | null => {
    const text = optionalText(merchant, name);
    return text !== null && text.length > MERCHANT_TEXT_CHARACTERS_MAX ? null : text;
  };
  return {
    name: optionalText(merchant, 'name')?.slice(0, MERCHANT_TEXT_CHARACTERS_MAX) ?? null,
    category: code('category') ?? '',
    categoryCode: code('category_code') ?? '',
    country: code('country'),
    networkId: code('network_id'),
  };
}

/** Every transaction that is there whole; ids alone are not enough to book. */
export const listedTransactions = (authorization: Json): readonly ObservedTransaction[] =>
  objectsAt(authorization, 'transactions').map(readTransaction);

export function readTransaction(transaction: Json): ObservedTransaction {
  const authorization = optionalId(transaction, 'authorization');
  const type = oneOf(transaction, 'type', ['capture', 'refund']);
  return {
    transactionId: parseTransactionId(textAt(transaction, 'id')),
    type,
    authorizationId: authorization === null ? null : parseAuthorizationId(authorization),
    stripeCardId: parseStripeCardId(idAt(transaction, 'card')),
    amountMinor: readClearedAmount(transaction, type),
    currency: readCurrency(transaction, 'currency'),
    createdS: integerAt(transaction, 'created'),
    merchant: readMerchant(transaction),
    parts: readParts(transaction),
  };
}

/**
 * Stripe signs from the balance's view: captures negative, refunds positive. A record whose sign contradicts its type
 * would move money the wrong way whichever of them is believed, so a person decides.
 */
function readClearedAmount(transaction: Json, type: ObservedTransaction['type']): MinorUnits {
  const signed = integerAt(transaction, 'amount');
  if (type === 'capture' ? signed > 0 : signed < 0) {
    throw new UnreadableEventError(`the amount of a ${type} is ${signed}`);
  }
  return minorUnits(Math.abs(signed));
}

/** Amounts of authorizations have no sign. */
function amountAt(parent: Json, name: string): MinorUnits {
  const amount = integerAt(parent, name);
  if (amount < 0) throw new UnreadableEventError(`${name} is ${amount}, below zero`);
  return minorUnits(amount);
}

/** For people to read; no rule depends on it, so what is missing is left out. */
function readParts(transaction: Json): AmountParts {
  const details = optionalObject(transaction, 'amount_details') ?? {};
  const unsigned = (parent: Json, name: string): MinorUnits | null =>
    Number.isSafeInteger(parent[name]) ? minorUnits(Math.abs(Number(parent[name]))) : null;
  return {
    merchantAmountMinor: unsigned(transaction, 'merchant_amount'),
    merchantCurrency: optionalText(transaction, 'merchant_currency'),
    atmFeeMinor: unsigned(details, 'atm_fee') ?? ZERO,
    cashbackMinor: unsigned(details, 'cashback_amount') ?? ZERO,
  };
}

/** A view of an authorization. `previous` are the event's previous_attributes, null when it is no update. */
export function readAuthorization(
  authorization: Json,
  rank: SnapshotRank,
  previous: Json | null,
): AuthorizationSnapshot {
  const authorizationId = parseAuthorizationId(textAt(authorization, 'id'));
  const currency = readCurrency(authorization, 'currency');
  const capturesIn = (list: unknown) => readCaptures(list, { authorizationId, currency });
  return {
    authorizationId,
    stripeCardId: parseStripeCardId(idAt(authorization, 'card')),
    rank,
    status: oneOf(authorization, 'status', STATUSES),
    approved: flagAt(authorization, 'approved'),
    amountMinor: amountAt(authorization, 'amount'),
    currency,
    createdS: integerAt(authorization, 'created'),
    history: objectsAt(authorization, 'request_history').map(readHistoryEntry),
    metadataKeys: Object.keys(optionalObject(authorization, 'metadata') ?? {}).toSorted(),
    merchant: readMerchant(authorization),
    captures: capturesIn(authorization['transactions']),
    previous: previous === null ? null : readPrevious(previous, capturesIn),
  };
}

function readHistoryEntry(entry: Json): HistoryEntry {
  return {
    amountMinor: amountAt(entry, 'amount'),
    approved: flagAt(entry, 'approved'),
    reason: optionalText(entry, 'reason') ?? '',
    // The time of the request, where Stripe tells it; else of the entry.
    createdS: Number.isSafeInteger(entry['requested_at'])
      ? integerAt(entry, 'requested_at')
      : integerAt(entry, 'created'),
  };
}

/** Captures that are the authorization's own: those of another, or of another currency, say nothing of its hold. */
function readCaptures(
  list: unknown,
  owner: Pick<AuthorizationSnapshot, 'authorizationId' | 'currency'>,
): readonly ListedCapture[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown): ListedCapture[] => {
    // An id alone may be a refund; it is taken for a capture, because that holds money rather than frees it.
    if (typeof item === 'string') {
      return [{ transactionId: parseTransactionId(item), amountMinor: null }];
    }
    if (!isObject(item) || item['type'] !== 'capture') return [];
    const { transactionId, amountMinor, authorizationId, currency } = readTransaction(item);
    const isOwn = (authorizationId ?? owner.authorizationId) === owner.authorizationId;
    return isOwn && currency === owner.currency ? [{ transactionId, amountMinor }] : [];
  });
}

function readPrevious(
  previous: Json,
  capturesIn: (list: unknown) => readonly ListedCapture[],
): PreviousFields {
  const { status, approved, amount, transactions } = previous;
  const known = STATUSES.find((s) => s === status);
  return {
    ...(known === undefined ? {} : { status: known }),
    ...(typeof approved === 'boolean' ? { approved } : {}),
    ...(Number.isSafeInteger(amount) ? { amountMinor: Number(amount) } : {}),
    ...(Array.isArray(transactions) ? { captureCount: capturesIn(transactions).length } : {}),
  };
}
