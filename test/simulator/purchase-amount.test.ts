/** Amounts of purchases: which ones are refused, and how they are shared out over currencies and captures. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decision, type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
let card: { id: string };
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
  card = await program.card();
});
afterEach(() => program.close());

const helpers = () => program.stripe.testHelpers.issuing.authorizations;
const buy = (params: object) => helpers().create({ card: card.id, ...params });
const settings = (given: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', given);

describe('amounts', () => {
  it.each([
    ['merchant_amount', { amount: 1_000, merchant_amount: 1 }],
    ['merchant_amount', { amount: 1_000, merchant_amount: 1, merchant_currency: 'usd' }],
    ['merchant_amount', { amount: 1_000, currency: 'eur', merchant_amount: 900 }],
    ['merchant_amount', { amount: 0, merchant_amount: 900, merchant_currency: 'eur' }],
    ['merchant_currency', { amount: 1_000, currency: 'eur', merchant_currency: 'jpy' }],
    ['merchant_currency', { merchant_amount: 9, currency: 'eur', merchant_currency: 'jpy' }],
    ['amount', { amount: 100_000_000 }],
    ['merchant_amount', { merchant_amount: 100_000_000, merchant_currency: 'jpy' }],
  ])('are refused by %s when they contradict each other or are too large', async (param, given) => {
    expect(await refusal(buy(given))).toMatchObject({ statusCode: 400, param });
  });

  it.each([
    [{ amount: 1_000, currency: 'eur', merchant_amount: 1_000, merchant_currency: 'eur' }, 1_080],
    [{ currency: 'eur', merchant_amount: 1_000 }, 1_080],
    [{ amount: 1_111, merchant_amount: 1_000, merchant_currency: 'eur' }, 1_111],
  ])('that agree are taken: %o', async (given, amount) => {
    expect(await buy(given)).toMatchObject({
      amount,
      merchant_amount: 1_000,
      merchant_currency: 'eur',
    });
  });

  it('of an account check that is incremented follow the exchange rate', async () => {
    const { id } = await buy({ amount: 0, merchant_currency: 'jpy' });
    const raised = await helpers().increment(id, { increment_amount: 670 });
    expect(raised).toMatchObject({ amount: 670, merchant_amount: 1_000 });
  });

  it('of the merchant add up over several captures, and cash is handed out once', async () => {
    const given = { amount: 1_000, merchant_amount: 1_001, merchant_currency: 'eur' };
    const details = { amount_details: { cashback_amount: 300 } };
    const { id } = await buy({ ...given, ...details });
    for (const amount of [333, 333])
      await helpers().capture(id, { capture_amount: amount, close_authorization: false });
    const { transactions } = await helpers().capture(id);
    const sum = transactions.reduce((total, entry) => total + entry.merchant_amount, 0);
    expect(sum).toBe(-1_001);
    expect(transactions.map((entry) => entry.amount_details?.cashback_amount)).toEqual([
      300,
      undefined,
      undefined,
    ]);
  });
});

describe('an account check', () => {
  it('is told of as new when something about it becomes visible', async () => {
    await program.subscribe();
    const { id } = await buy({ amount: 0 });
    await helpers().increment(id, { increment_amount: 100 });
    await helpers().reverse(id);
    const seen = await told(program, 'issuing_authorization');
    expect(seen.map(({ type, object }) => [type, object['amount']])).toEqual([
      ['authorization.created', 100],
      ['authorization.updated', 0],
    ]);
  });
});

describe('verification data', () => {
  it('has either a 3D Secure result or an exemption from it', async () => {
    const error = await refusal(
      buy({
        amount: 100,
        verification_data: {
          three_d_secure: { result: 'authenticated' },
          authentication_exemption: { claimed_by: 'acquirer', type: 'low_value_transaction' },
        },
      }),
    );
    expect(error.param).toBe('verification_data[authentication_exemption]');
  });
});

describe('a fuel pump', () => {
  const PUMP = { amount: 100, merchant_data: { category: 'automated_fuel_dispensers' } };

  it.each([
    [10_000, { approved: true, amount: 10_000 }],
    [10_001, { approved: false, request_history: [{ reason: 'webhook_error' }] }],
  ])('can be granted up to its default hold: %i', async (amount, expected) => {
    await program.decideWith((received) => decision(received, { approved: true, amount }));
    expect(await buy({ ...PUMP, is_amount_controllable: true })).toMatchObject(expected);
  });

  it.each([
    ['default_hold', 10_000],
    ['requested', 100],
  ])('"%s" says what it holds when nobody is asked', async (fuelPumpHold, amount) => {
    await settings({ fuelPumpHold });
    const held = { approved: true, amount, merchant_amount: amount };
    expect(await buy(PUMP)).toMatchObject({ ...held, request_history: [{ amount }] });
    await program.control('PUT', '/_sim/network', { mode: 'stand_in_approve' });
    expect(await buy(PUMP)).toMatchObject(held);
    await program.control('PUT', '/_sim/network', { mode: 'normal' });
    // What the endpoint approves is what was asked for, and a real amount is no status check.
    await program.decideWith((received) => decision(received, { approved: true }));
    expect(await buy(PUMP)).toMatchObject({ amount: 100 });
    expect(await buy({ ...PUMP, amount: 5_000 })).toMatchObject({ amount: 5_000 });
  });

  it('must have room for its default hold when nobody is asked', async () => {
    card = await program.card({
      spending_controls: { spending_limits: [{ amount: 9_999, interval: 'per_authorization' }] },
    });
    expect(await buy(PUMP)).toMatchObject({
      approved: false,
      amount: 100,
      request_history: [{ reason: 'spending_controls' }],
    });
  });
});
