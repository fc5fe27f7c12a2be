/** The answers of a real-time endpoint: what is usable, what is not, and where Stripe leaves it open. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/simulator/world/account.ts';
import { decision, type Program, type Received, type Reply, startProgram } from './program.ts';

let program: Program;
let card: { id: string };
beforeAll(async () => {
  program = await startProgram();
  card = await program.card();
});
afterEach(() => settings(DEFAULT_SETTINGS));
afterAll(() => program.close());

const settings = (given: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', given);

/** A purchase of 1000 that is answered like this. */
async function answered(answer: (received: Received) => Reply, params: object = {}) {
  await program.decideWith(answer);
  return program.stripe.testHelpers.issuing.authorizations.create({
    card: card.id,
    amount: 1_000,
    ...params,
  });
}
const body =
  (given: unknown) =>
  (received: Received): Reply =>
    decision(received, given as object);
const raw =
  (text: string) =>
  (received: Received): Reply => ({ ...decision(received, {}), body: text });
const headers = (given: Record<string, string>) => (): Reply => ({
  headers: given,
  body: '{"approved":true}',
});
const status =
  (code: number, more: Record<string, string> = {}) =>
  (received: Received): Reply => {
    const usual = decision(received, { approved: true });
    return { ...usual, status: code, headers: { ...usual.headers, ...more } };
  };
const manyKeys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
const controllable = { is_amount_controllable: true };

describe('an answer that cannot be used declines with webhook_error and says why', () => {
  it.each<[string, (received: Received) => Reply, string, object?]>([
    ['another success than 200', status(201), 'HTTP status 201'],
    ['an error of the receiver', status(500), 'HTTP status 500'],
    ['a redirect, which is not followed', status(302, { location: '/' }), 'HTTP status 302'],
    ['no Stripe-Version', headers({}), 'no Stripe-Version'],
    ['no version in Stripe-Version', headers({ 'stripe-version': 'latest' }), 'latest'],
    ['another Stripe-Version', headers({ 'stripe-version': '2022-08-01' }), '2022-08-01'],
    [
      'another Content-Type',
      (received) => ({
        ...decision(received, { approved: true }),
        headers: { ...decision(received, {}).headers, 'content-type': 'text/html' },
      }),
      'text/html',
    ],
    ['no JSON', raw('yes'), 'not a JSON object'],
    ['an empty body', raw(''), 'not a JSON object'],
    ['a list', body([true]), 'not a JSON object'],
    ['null', raw('null'), 'not a JSON object'],
    ['no approved', body({}), '`approved`'],
    ['approved as text', body({ approved: 'true' }), '`approved`'],
    ['approved as a number', body({ approved: 1 }), '`approved`'],
    ['an unknown field', body({ approved: true, aproved: true }), 'aproved'],
    [
      'a fraud challenge, where they are off',
      body({ approved: false, send_fraud_challenges: ['sms'] }),
      'send_fraud_challenges',
    ],
    ['metadata as a list', body({ approved: true, metadata: ['a'] }), '`metadata`'],
    ['metadata with a number', body({ approved: true, metadata: { a: 1 } }), '`metadata`'],
    ['metadata of 51 keys', body({ approved: true, metadata: manyKeys(51) }), '50 keys'],
    [
      'a metadata key of 41 characters',
      body({ approved: true, metadata: { ['k'.repeat(41)]: 'v' } }),
      '40 characters',
    ],
    [
      'a metadata value of 501 characters',
      body({ approved: true, metadata: { k: 'v'.repeat(501) } }),
      '500 characters',
    ],
    [
      'an amount that is not controllable',
      body({ approved: true, amount: 999 }),
      'not controllable',
    ],
    [
      'even the requested amount, if it is not controllable',
      body({ approved: true, amount: 1_000 }),
      'not controllable',
    ],
    ['an amount of 0', body({ approved: true, amount: 0 }), 'above zero', controllable],
    ['a negative amount', body({ approved: true, amount: -1 }), 'above zero', controllable],
    ['a fraction of a cent', body({ approved: true, amount: 1.5 }), 'integer', controllable],
    ['an amount as text', body({ approved: true, amount: '600' }), 'integer', controllable],
    ['an ill-typed amount of a decline', body({ approved: false, amount: 'x' }), 'integer'],
    ['more than was asked for', body({ approved: true, amount: 1_001 }), 'exceed', controllable],
    [
      'less than the cashback',
      body({ approved: true, amount: 699 }),
      'cashback',
      { ...controllable, amount_details: { cashback_amount: 700 } },
    ],
  ])('%s', async (_name, answer, message, params) => {
    const authorization = await answered(answer, params);
    expect(authorization).toMatchObject({
      approved: false,
      status: 'closed',
      request_history: [
        { reason: 'webhook_error', reason_message: expect.stringContaining(message) },
      ],
    });
  });
});

describe('an answer that can be used decides', () => {
  it.each<[string, (received: Received) => Reply, object, object?]>([
    ['yes', body({ approved: true }), { approved: true, amount: 1_000 }],
    ['no', body({ approved: false }), { approved: false, amount: 1_000 }],
    [
      'with a Content-Type that says JSON',
      (received) => ({
        ...decision(received, { approved: true }),
        headers: {
          ...decision(received, {}).headers,
          'content-type': 'application/json; charset=utf-8',
        },
      }),
      { approved: true },
    ],
    ['with nulls', body({ approved: true, amount: null, metadata: null }), { approved: true }],
    [
      'with metadata at its limits',
      body({ approved: true, metadata: { ...manyKeys(49), ['k'.repeat(40)]: 'v'.repeat(500) } }),
      { approved: true },
    ],
    [
      'with an empty value, which sets nothing',
      body({ approved: true, metadata: { a: '', b: 'x' } }),
      { metadata: { b: 'x' } },
    ],
    [
      'with less',
      body({ approved: true, amount: 600 }),
      { approved: true, amount: 600, merchant_amount: 600 },
      controllable,
    ],
    [
      'with exactly the cashback',
      body({ approved: true, amount: 700 }),
      { approved: true, amount: 700 },
      { ...controllable, amount_details: { cashback_amount: 700 } },
    ],
    [
      'with more at a fuel pump',
      body({ approved: true, amount: 5_000 }),
      { approved: true, amount: 5_000 },
      { ...controllable, amount: 100, merchant_data: { category: 'automated_fuel_dispensers' } },
    ],
  ])('%s', async (_name, answer, expected, params) => {
    const authorization = await answered(answer, params);
    expect(authorization).toMatchObject(expected);
    expect(authorization.request_history).toMatchObject([
      {
        reason: authorization.approved ? 'webhook_approved' : 'webhook_declined',
        reason_message: null,
      },
    ]);
  });
});

describe('where Stripe leaves it open, a setting decides', () => {
  it.each<[string, object, (received: Received) => Reply]>([
    [
      'stripeVersionCheck',
      { stripeVersionCheck: 'well_formed' },
      headers({ 'stripe-version': '2022-08-01' }),
    ],
    ['unknownAnswerFields', { unknownAnswerFields: 'ignore' }, body({ approved: true, note: 'x' })],
    [
      'uncontrollableAmount',
      { uncontrollableAmount: 'ignore' },
      body({ approved: true, amount: 1 }),
    ],
  ])('%s', async (_name, lenient, answer) => {
    expect(await answered(answer)).toMatchObject({ approved: false });
    await settings(lenient);
    expect(await answered(answer)).toMatchObject({ approved: true, amount: 1_000 });
  });

  it('errorPolicy and timeoutPolicy', async () => {
    const broken = status(500);
    await settings({ timeoutPolicy: 'approve' });
    expect(await answered(broken)).toMatchObject({ approved: false });
    await settings({ errorPolicy: 'timeout_policy' });
    expect(await answered(broken)).toMatchObject({
      approved: true,
      request_history: [{ reason: 'webhook_error' }],
    });
    await settings({ timeoutPolicy: 'decline' });
    expect(await answered(broken)).toMatchObject({ approved: false });
  });
});
