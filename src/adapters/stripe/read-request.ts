/**
 * The real-time request, read into the domain's words. It is owed an answer whatever it looks like, so nothing here
 * throws: what the rules can do without is read as not told, and what they need and is missing makes it unreadable.
 */
import type { AskedRequest, Check } from '../../domain/authorization-request.ts';
import { CARD_PRESENCES, type ThreeDSecureOutcome } from '../../domain/controls.ts';
import {
  type AuthorizationId,
  parseAuthorizationId,
  parseStripeCardId,
  type StripeCardId,
} from '../../domain/ids.ts';
import { type MinorUnits, minorUnits, ZERO } from '../../domain/money.ts';
import { readMerchant } from './authorization-reader.ts';
import { type Json, optionalId, optionalObject, optionalText } from './wire.ts';

export const REQUEST_TYPE = 'issuing_authorization.request';

/** As for all ids of Stripe: its prefixes are no contract. */
const EVENT_ID = /^[A-Za-z0-9_]{1,255}$/;
const CURRENCY = /^[a-z]{3}$/;
/** Card networks carry amounts in twelve digits (ISO 8583, field 4); more is no purchase. */
const AMOUNT_MAX_MINOR = 999_999_999_999;
/** The end of the year 9999: a later second is no time of a purchase, and no date that is written alike everywhere. */
const SECOND_MAX = 253_402_300_799;
/** Results of 3D Secure that Stripe tells. */
const THREE_D_SECURE_RESULTS: readonly ThreeDSecureOutcome[] = [
  'authenticated',
  'attempt_acknowledged',
  'failed',
  'required',
];

export function eventIdOf(event: Json): string | null {
  const id = optionalText(event, 'id');
  return id !== null && EVENT_ID.test(id) ? id : null;
}

/**
 * Null when the event is no request, or has no id by which an answer could be recorded.
 * `receivedS` stands in for the time of the event where that is missing.
 */
export function readAskedRequest(event: Json, receivedS: number): AskedRequest | null {
  const requestId = eventIdOf(event);
  if (event['type'] !== REQUEST_TYPE || requestId === null) return null;
  const created = event['created'];
  const about = {
    requestId,
    stripeAccount: optionalText(event, 'account'),
    requestedS: isWhole(created, SECOND_MAX) ? created : receivedS,
  };
  const authorization = optionalObject(optionalObject(event, 'data') ?? {}, 'object');
  if (authorization === null) {
    const problem = 'data.object is missing';
    return { kind: 'unreadable', ...about, authorizationId: null, stripeCardId: null, problem };
  }
  return readAuthorization(about, authorization);
}

type About = Pick<AskedRequest, 'requestId' | 'stripeAccount' | 'requestedS'>;

function readAuthorization(about: About, authorization: Json): AskedRequest {
  const authorizationId = idOf<AuthorizationId>(
    parseAuthorizationId,
    optionalText(authorization, 'id'),
  );
  const stripeCardId = idOf<StripeCardId>(parseStripeCardId, optionalId(authorization, 'card'));
  const unreadable = (problem: string): AskedRequest => ({
    kind: 'unreadable',
    ...about,
    authorizationId,
    stripeCardId,
    problem,
  });
  if (authorizationId === null) return unreadable('data.object.id is missing or no id');
  if (stripeCardId === null) return unreadable('card is missing or no id');
  const pending = optionalObject(authorization, 'pending_request');
  if (pending === null) return unreadable('pending_request is missing');
  const { amount, currency } = pending;
  if (!isWhole(amount, AMOUNT_MAX_MINOR)) {
    return unreadable(`pending_request.amount is ${flawOf(amount)}`);
  }
  if (typeof currency !== 'string' || !CURRENCY.test(currency)) {
    return unreadable('pending_request.currency is not three lower-case letters');
  }
  return {
    kind: 'readable',
    ...about,
    authorizationId,
    stripeCardId,
    currency,
    askedMinor: minorUnits(amount),
    merchant: readMerchant(authorization),
    cardPresence: CARD_PRESENCES.find((p) => p === authorization['card_presence']) ?? null,
    ...readPending(pending),
    ...readVerification(optionalObject(authorization, 'verification_data') ?? {}),
  };
}

function readPending(pending: Json) {
  const details = optionalObject(pending, 'amount_details') ?? {};
  const merchantCurrency = optionalText(pending, 'merchant_currency') ?? '';
  return {
    // Not told, it differs from the account's, so that the margin for a change of currency is held.
    merchantCurrency: CURRENCY.test(merchantCurrency) ? merchantCurrency : '',
    isAmountControllable: pending['is_amount_controllable'] === true,
    cashbackMinor: partOf(details['cashback_amount']),
    atmFeeMinor: partOf(details['atm_fee']),
  };
}

function readVerification(verification: Json) {
  const threeDSecure = optionalObject(verification, 'three_d_secure');
  const isExempted = optionalObject(verification, 'authentication_exemption') !== null;
  const untried: ThreeDSecureOutcome = threeDSecure === null && isExempted ? 'exempted' : 'none';
  return {
    cvcCheck: check(verification['cvc_check']),
    expiryCheck: check(verification['expiry_check']),
    postalCodeCheck: check(verification['address_postal_code_check']),
    addressLine1Check: check(verification['address_line1_check']),
    threeDSecure: THREE_D_SECURE_RESULTS.find((r) => r === threeDSecure?.['result']) ?? untried,
  };
}

const check = (value: unknown): Check =>
  value === 'match' || value === 'mismatch' ? value : 'not_provided';

/** A part of the amount. One that is larger than any amount keeps a purchase from being approved in part, and no more. */
const partOf = (value: unknown): MinorUnits =>
  isWhole(value, Number.MAX_VALUE) ? minorUnits(Math.min(value, AMOUNT_MAX_MINOR)) : ZERO;

const isWhole = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max;

/** What is wrong with an amount, without telling it. */
function flawOf(amount: unknown): string {
  if (amount === undefined || amount === null) return 'missing';
  if (typeof amount !== 'number' || !Number.isInteger(amount)) return 'not a whole number';
  return amount < 0 ? 'below zero' : 'too large';
}

function idOf<T>(parse: (text: string) => T, text: string | null): T | null {
  try {
    return text === null ? null : parse(text);
  } catch {
    return null;
  }
}
