/** What is read of a request event, and which events cannot be decided on. */
import { describe, expect, it } from 'vitest';
import { readAskedRequest } from '../../src/adapters/stripe/read-request.ts';
import { event } from '../support/stripe-events.ts';
import { requestEvent } from './authorizer-under-test.ts';

const RECEIVED_S = 1_900_000_000;
const pending = {
  amount: 1_000,
  currency: 'usd',
  merchant_amount: 900,
  merchant_currency: 'eur',
  is_amount_controllable: true,
  amount_details: { atm_fee: 250, cashback_amount: 400 },
};
const read = (over: object = {}) => readAskedRequest(requestEvent(over), RECEIVED_S);
const readPending = (over: object) => read({ pending_request: { ...pending, ...over } });

describe('a request', () => {
  it('is read with all that it tells', () => {
    const asked = readAskedRequest(
      requestEvent(
        {
          card: 'ic_2',
          pending_request: pending,
          verification_data: {
            cvc_check: 'match',
            expiry_check: 'mismatch',
            address_line1_check: 'mismatch',
            address_postal_code_check: 'not_provided',
            three_d_secure: { result: 'attempt_acknowledged' },
          },
        },
        'acct_1',
      ),
      RECEIVED_S,
    );
    expect(asked).toEqual({
      kind: 'readable',
      requestId: 'evt_request',
      stripeAccount: 'acct_1',
      authorizationId: 'iauth_1',
      stripeCardId: 'ic_2',
      requestedS: 1_800_000_000,
      currency: 'usd',
      askedMinor: 1_000,
      merchantCurrency: 'eur',
      merchant: {
        name: 'Shop',
        category: 'bakeries',
        categoryCode: '5462',
        country: 'US',
        networkId: '1234567890',
      },
      cardPresence: 'not_present',
      isAmountControllable: true,
      cashbackMinor: 400,
      atmFeeMinor: 250,
      cvcCheck: 'match',
      expiryCheck: 'mismatch',
      postalCodeCheck: 'not_provided',
      addressLine1Check: 'mismatch',
      threeDSecure: 'attempt_acknowledged',
    });
  });

  it('is readable without all that the rules can do without', () => {
    const bare = {
      merchant_data: undefined,
      verification_data: undefined,
      card_presence: undefined,
      pending_request: { amount: 1_000, currency: 'usd' },
    };
    expect(read(bare)).toMatchObject({
      kind: 'readable',
      merchantCurrency: '',
      merchant: { name: null, category: '', categoryCode: '', country: null, networkId: null },
      cardPresence: null,
      isAmountControllable: false,
      cashbackMinor: 0,
      atmFeeMinor: 0,
      cvcCheck: 'not_provided',
      expiryCheck: 'not_provided',
      postalCodeCheck: 'not_provided',
      addressLine1Check: 'not_provided',
      threeDSecure: 'none',
    });
  });

  it('has values that we do not know as if they were not told', () => {
    const odd = {
      card_presence: 'floating',
      merchant_data: { name: 7, category: [], category_code: {}, country: false, network_id: 12 },
      verification_data: { cvc_check: 'perhaps', three_d_secure: { result: 'later' } },
    };
    expect(read(odd)).toMatchObject({
      cardPresence: null,
      merchant: { name: null, category: '', categoryCode: '', country: null, networkId: null },
      cvcCheck: 'not_provided',
      threeDSecure: 'none',
    });
    expect(read({ merchant_data: 'Shop', verification_data: [1] })).toMatchObject({
      kind: 'readable',
    });
  });

  it.each(['true', 1, null, {}])('is all or nothing where Stripe says controllable: %j', (flag) => {
    expect(readPending({ is_amount_controllable: flag })).toMatchObject({
      isAmountControllable: false,
    });
  });

  it.each([-1, 0.5, '400', null, {}])('has no cashback and no fee of %j', (part) => {
    const details = { amount_details: { cashback_amount: part, atm_fee: part } };
    expect(readPending(details)).toMatchObject({ cashbackMinor: 0, atmFeeMinor: 0 });
  });

  it('has parts within the range of money, however large they are told to be', () => {
    const details = { amount_details: { cashback_amount: 1e300, atm_fee: 2 ** 53 } };
    expect(readPending(details)).toMatchObject({
      cashbackMinor: 999_999_999_999,
      atmFeeMinor: 999_999_999_999,
    });
  });

  it.each([
    [{ three_d_secure: { result: 'authenticated' } }, 'authenticated'],
    [{ three_d_secure: { result: 'failed' } }, 'failed'],
    [{ three_d_secure: { result: 'required' } }, 'required'],
    [{ three_d_secure: null, authentication_exemption: { type: 'unknown' } }, 'exempted'],
    [{ three_d_secure: { result: 'odd' }, authentication_exemption: { type: 'unknown' } }, 'none'],
    [{ three_d_secure: null, authentication_exemption: null }, 'none'],
    [{ three_d_secure: { result: 'exempted' } }, 'none'],
  ])('with %j was %s', (verification, outcome) => {
    expect(read({ verification_data: verification })).toMatchObject({ threeDSecure: outcome });
  });

  it('keeps no more of a merchant than a merchant has', () => {
    const long = 'x'.repeat(5_000);
    const told = { name: long, category: long, category_code: long, country: long };
    const asked = read({ merchant_data: { ...told, network_id: long } });
    expect(asked).toMatchObject({
      merchant: { name: 'x'.repeat(200), category: '', categoryCode: '', country: null },
    });
    expect(asked).toMatchObject({ merchant: { networkId: null } });
  });

  it.each([undefined, null, '1800000000', -1, 0.5, 1e15])(
    'was made when it came in, where its event says it was created at %j',
    (created) => {
      const asked = readAskedRequest({ ...requestEvent(), created }, RECEIVED_S);
      expect(asked).toMatchObject({ kind: 'readable', requestedS: RECEIVED_S });
    },
  );
});

describe('a request is unreadable', () => {
  it.each<[object, string]>([
    [{ id: undefined }, 'data.object.id is missing or no id'],
    [{ id: 'iauth 1' }, 'data.object.id is missing or no id'],
    [{ id: 'i'.repeat(256) }, 'data.object.id is missing or no id'],
    [{ card: undefined }, 'card is missing or no id'],
    [{ card: { id: 7 } }, 'card is missing or no id'],
    [{ card: 'ic_\u0000' }, 'card is missing or no id'],
    [{ pending_request: undefined }, 'pending_request is missing'],
    [{ pending_request: [pending] }, 'pending_request is missing'],
  ])('with %j', (over, problem) => {
    expect(read(over)).toMatchObject({ kind: 'unreadable', requestId: 'evt_request', problem });
  });

  it.each<[unknown, string]>([
    [undefined, 'missing'],
    [null, 'missing'],
    ['1000', 'not a whole number'],
    [10.5, 'not a whole number'],
    [-1, 'below zero'],
    [1_000_000_000_000, 'too large'],
    [2 ** 53, 'too large'],
    [1e300, 'too large'],
  ])('with the amount %j', (amount, flaw) => {
    expect(readPending({ amount })).toMatchObject({
      kind: 'unreadable',
      problem: `pending_request.amount is ${flaw}`,
    });
  });

  it.each([undefined, null, 'USD', 'us', 'usdd', 7, ['usd']])(
    'with the currency %j',
    (currency) => {
      expect(readPending({ currency })).toMatchObject({
        kind: 'unreadable',
        problem: 'pending_request.currency is not three lower-case letters',
      });
    },
  );

  it.each([undefined, null, {}, { object: null }, { object: [] }, 'data'])(
    'with the data %j',
    (data) => {
      const asked = readAskedRequest({ ...requestEvent(), data }, RECEIVED_S);
      const nothing = { authorizationId: null, stripeCardId: null };
      expect(asked).toMatchObject({ kind: 'unreadable', ...nothing });
    },
  );

  it('and keeps the ids that are there', () => {
    expect(read({ pending_request: null })).toEqual({
      kind: 'unreadable',
      requestId: 'evt_request',
      stripeAccount: null,
      authorizationId: 'iauth_1',
      stripeCardId: 'ic_1',
      requestedS: 1_800_000_000,
      problem: 'pending_request is missing',
    });
  });
});

it('an amount of twelve digits is one, and so is nothing', () => {
  expect(readPending({ amount: 999_999_999_999 })).toMatchObject({ askedMinor: 999_999_999_999 });
  expect(readPending({ amount: 0 })).toMatchObject({ askedMinor: 0 });
});

it('an event of another type, or without an id to answer to, is no request', () => {
  expect(readAskedRequest(event('issuing_card.updated', { id: 'ic_1' }), RECEIVED_S)).toBeNull();
  for (const id of [undefined, 7, '', 'evt 1', 'evt_'.padEnd(256, 'x')]) {
    expect(readAskedRequest({ ...requestEvent(), id }, RECEIVED_S)).toBeNull();
  }
});
