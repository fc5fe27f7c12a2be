import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSimulator } from '../../src/simulator/index.ts';
import { connect, type Program, refusal, startProgram } from './program.ts';

let program: Program;
let card: Stripe.Issuing.Card;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
  card = await program.card();
  await program.subscribe();
});
afterEach(async () => {
  await program.simulator.settle();
  program.receiver.received.length = 0;
});
afterAll(() => program.close());

const decimal = (text: string) => Stripe.Decimal.from(text);
const helpers = () => program.stripe.testHelpers.issuing;
const buy = (amount = 1_000, params: object = {}) =>
  helpers().authorizations.create({ card: card.id, amount, ...params });
const amounts = (authorization: Stripe.Issuing.Authorization) =>
  authorization.transactions.map((transaction) => transaction.amount);

/** What receivers were told, in any order, since the authorization was made. */
async function told(authorization: { id: string }): Promise<string[]> {
  await program.simulator.settle();
  return program.receiver.received
    .map(({ event }) => event)
    .filter((event) => {
      const object = event.data.object as { id: string; authorization?: string };
      return object.id === authorization.id || object.authorization === authorization.id;
    })
    .map((event) => event.type)
    .toSorted();
}

const CAPTURE_EVENTS = [
  'issuing_authorization.created',
  'issuing_authorization.updated',
  'issuing_transaction.created',
];

describe('a capture', () => {
  it('of the whole amount closes the authorization', async () => {
    const authorization = await buy();
    const captured = await helpers().authorizations.capture(authorization.id);
    expect(captured).toMatchObject({ status: 'closed', approved: true, amount: 1_000 });
    expect(captured.transactions).toMatchObject([
      {
        amount: -1_000,
        merchant_amount: -1_000,
        type: 'capture',
        authorization: authorization.id,
        card: card.id,
      },
    ]);
    expect(await told(authorization)).toEqual(CAPTURE_EVENTS);
    const [updated] = program.receiver.events('issuing_authorization.updated');
    expect(updated?.data.previous_attributes).toEqual({ status: 'pending', transactions: [] });
  });

  it('of less may be final, or leave the rest for more', async () => {
    const final = await buy();
    expect(await helpers().authorizations.capture(final.id, { capture_amount: 300 })).toMatchObject(
      { status: 'closed' },
    );
    const split = await buy();
    const capture = (amount: number, close: boolean) =>
      helpers().authorizations.capture(split.id, {
        capture_amount: amount,
        close_authorization: close,
      });
    expect(await capture(300, false)).toMatchObject({ status: 'pending', amount: 700 });
    expect(await capture(200, false)).toMatchObject({ status: 'pending', amount: 500 });
    const closed = await capture(500, true);
    expect(closed.status).toBe('closed');
    expect(amounts(closed)).toEqual([-300, -200, -500]);
  });

  it('may exceed the authorized amount', async () => {
    const authorization = await buy();
    const captured = await helpers().authorizations.capture(authorization.id, {
      capture_amount: 1_200,
    });
    expect(captured).toMatchObject({ status: 'closed', amount: 1_000 });
    expect(amounts(captured)).toEqual([-1_200]);
  });

  it('is possible after expiry, reversal, closing and decline', async () => {
    const [expired, reversed, closed] = [await buy(), await buy(), await buy()];
    await helpers().authorizations.expire(expired.id);
    await helpers().authorizations.reverse(reversed.id);
    await helpers().authorizations.capture(closed.id);
    const declined = await buy(1_000, {
      verification_data: { three_d_secure: { result: 'failed' } },
    });
    const late = async (authorization: { id: string }) => {
      const captured = await helpers().authorizations.capture(authorization.id, {
        capture_amount: 400,
      });
      return [captured.status, amounts(captured)];
    };
    expect(await late(expired)).toEqual(['expired', [-400]]);
    expect(await late(reversed)).toEqual(['reversed', [-400]]);
    expect(await late(closed)).toEqual(['closed', [-1_000, -400]]);
    expect(await late(declined)).toEqual(['closed', [-400]]);
  });

  it('is possible on a cancelled card', async () => {
    const gone = await program.card();
    const authorization = await helpers().authorizations.create({ card: gone.id, amount: 500 });
    await program.stripe.issuing.cards.update(gone.id, { status: 'canceled' });
    expect(amounts(await helpers().authorizations.capture(authorization.id))).toEqual([-500]);
  });

  it('can carry details of the purchase', async () => {
    const authorization = await buy();
    const captured = await helpers().authorizations.capture(authorization.id, {
      purchase_details: {
        reference: 'R1',
        lodging: { nights: 2, check_in_at: 1_700_000_000 },
        flight: { passenger_name: 'J', segments: [{ carrier: 'LH', arrival_airport_code: 'FRA' }] },
        receipt: [{ description: 'Room', quantity: decimal('2'), total: 1_000, unit_cost: 500 }],
        fuel: { type: 'diesel', unit: 'liter', unit_cost_decimal: decimal('1.50') },
      },
    });
    expect(captured.transactions[0]?.purchase_details).toMatchObject({
      reference: 'R1',
      receipt: [{ quantity: 2 }],
    });
  });
});

describe('the option capturedAmount', () => {
  it('"stays" leaves the amount of a partly captured authorization as it was', async () => {
    const simulator = createSimulator({ capturedAmount: 'stays' });
    await simulator.listen();
    try {
      const stripe = connect(simulator);
      const holder = await stripe.issuing.cardholders.create({
        name: 'A',
        billing: { address: { line1: '1', city: 'B', postal_code: '1', country: 'US' } },
      });
      const made = await stripe.issuing.cards.create({
        cardholder: holder.id,
        currency: 'usd',
        type: 'virtual',
        status: 'active',
      });
      const { authorizations } = stripe.testHelpers.issuing;
      const { id } = await authorizations.create({ card: made.id, amount: 1_000 });
      const partly = await authorizations.capture(id, {
        capture_amount: 400,
        close_authorization: false,
      });
      expect(partly).toMatchObject({ status: 'pending', amount: 1_000 });
      expect((await refusal(authorizations.reverse(id, { reverse_amount: 601 }))).param).toBe(
        'reverse_amount',
      );
      expect(await authorizations.reverse(id, { reverse_amount: 100 })).toMatchObject({
        status: 'pending',
        amount: 900,
      });
      expect(await authorizations.expire(id)).toMatchObject({ status: 'expired', amount: 500 });
    } finally {
      await simulator.close();
    }
  });
});

describe('a reversal', () => {
  it('of a part lowers the amount; of the rest it ends at 0; an increment may hold again', async () => {
    const authorization = await buy();
    const { authorizations } = helpers();
    expect(await authorizations.reverse(authorization.id, { reverse_amount: 300 })).toMatchObject({
      status: 'pending',
      amount: 700,
    });
    expect(await authorizations.reverse(authorization.id)).toMatchObject({
      status: 'reversed',
      amount: 0,
    });
    expect(
      await authorizations.increment(authorization.id, { increment_amount: 800 }),
    ).toMatchObject({ status: 'pending', amount: 800 });
    await program.simulator.settle();
    const changed = program.receiver
      .events('issuing_authorization.updated')
      .map((event) => event.data.previous_attributes);
    expect(changed).toContainEqual({ amount: 1_000, merchant_amount: 1_000 });
    expect(changed).toContainEqual({ amount: 700, merchant_amount: 700, status: 'pending' });
  });

  it('of more than is left is refused, and so is one of a closed authorization', async () => {
    const authorization = await buy();
    const { authorizations } = helpers();
    expect(
      (await refusal(authorizations.reverse(authorization.id, { reverse_amount: 1_001 }))).param,
    ).toBe('reverse_amount');
    await authorizations.capture(authorization.id);
    expect((await refusal(authorizations.reverse(authorization.id))).message).toContain(
      'status closed',
    );
    expect((await refusal(authorizations.expire(authorization.id))).message).toContain(
      'status closed',
    );
    expect(
      (await refusal(authorizations.increment(authorization.id, { increment_amount: 1 }))).message,
    ).toContain('status closed');
  });
});

describe('an expiry', () => {
  it('comes by the clock, at its own time, and travel merchants have longer', async () => {
    const other = await startProgram();
    try {
      const { id: cardId } = await other.card();
      await other.subscribe();
      const { authorizations } = other.stripe.testHelpers.issuing;
      const taxi = await authorizations.create({ card: cardId, amount: 700 });
      const hotel = await authorizations.create({
        card: cardId,
        amount: 900,
        merchant_data: { category: 'hotels_motels_and_resorts' },
      });
      await other.control('POST', '/_sim/clock/advance', { seconds: 8 * 86_400 });
      expect(await other.stripe.issuing.authorizations.retrieve(taxi.id)).toMatchObject({
        status: 'expired',
        amount: 700,
      });
      expect(await other.stripe.issuing.authorizations.retrieve(hotel.id)).toMatchObject({
        status: 'pending',
      });
      await other.simulator.settle();
      const [event] = other.receiver.events('issuing_authorization.updated');
      expect(event?.created).toBe(taxi.created + 7 * 86_400);
      expect(event?.request).toEqual({ id: null, idempotency_key: null });
    } finally {
      await other.close();
    }
  });
});

describe('a refund', () => {
  it('of a capture is linked, positive, and cannot exceed it', async () => {
    const authorization = await buy();
    const captured = await helpers().authorizations.capture(authorization.id);
    const transaction = captured.transactions[0]?.id ?? '';
    const refunded = await helpers().transactions.refund(transaction, { refund_amount: 400 });
    expect(refunded).toMatchObject({
      type: 'refund',
      amount: 400,
      merchant_amount: 400,
      authorization: authorization.id,
    });
    const rest = await helpers().transactions.refund(transaction);
    expect(rest.amount).toBe(600);
    expect((await refusal(helpers().transactions.refund(transaction))).param).toBe('refund_amount');
    const seen = await program.stripe.issuing.authorizations.retrieve(authorization.id);
    expect(seen.status).toBe('closed');
    expect(amounts(seen)).toEqual([-1_000, 400, 600]);
  });

  it('without a capture, like a forced capture, has no authorization', async () => {
    const refund = await helpers().transactions.createUnlinkedRefund({
      card: card.id,
      amount: 300,
    });
    expect(refund).toMatchObject({ type: 'refund', amount: 300, authorization: null });
    const forced = await helpers().transactions.createForceCapture({
      card: card.id,
      amount: 1_000,
      currency: 'eur',
      merchant_data: { category: 'bakeries', name: 'Brot' },
    });
    expect(forced).toMatchObject({
      type: 'capture',
      amount: -1_080,
      currency: 'usd',
      merchant_amount: -1_000,
      merchant_currency: 'eur',
      authorization: null,
    });
  });
});

describe('amounts', () => {
  it('of a foreign merchant are converted by the fixed table, at every step', async () => {
    const authorization = await helpers().authorizations.create({
      card: card.id,
      merchant_amount: 10_000,
      merchant_currency: 'jpy',
    });
    expect(authorization).toMatchObject({
      amount: 6_700,
      currency: 'usd',
      merchant_amount: 10_000,
      merchant_currency: 'jpy',
    });
    const partly = await helpers().authorizations.capture(authorization.id, {
      capture_amount: 3_350,
      close_authorization: false,
    });
    expect(partly).toMatchObject({ amount: 3_350, merchant_amount: 5_000 });
    expect(partly.transactions).toMatchObject([{ amount: -3_350, merchant_amount: -5_000 }]);
    expect((await refusal(buy(100, { currency: 'xxx' }))).param).toBe('currency');
    expect((await refusal(helpers().authorizations.create({ card: card.id }))).param).toBe(
      'amount',
    );
  });

  it('of a fuel pump are asked for small and finalised later', async () => {
    const authorization = await buy(100, {
      merchant_data: { category: 'automated_fuel_dispensers' },
    });
    expect(authorization.merchant_data.category_code).toBe('5542');
    const final = await helpers().authorizations.finalizeAmount(authorization.id, {
      final_amount: 5_432,
      fuel: {
        type: 'diesel',
        unit: 'liter',
        quantity_decimal: decimal('30.5'),
        unit_cost_decimal: decimal('1.78'),
      },
      fleet: {
        purchase_type: 'fuel_purchase',
        reported_breakdown: { fuel: { gross_amount_decimal: decimal('54.32') } },
      },
    });
    expect(final).toMatchObject({
      status: 'pending',
      amount: 5_432,
      fuel: { type: 'diesel' },
      fleet: { purchase_type: 'fuel_purchase' },
    });
  });

  it('of zero check an account and hold nothing', async () => {
    expect(await buy(0)).toMatchObject({ amount: 0, approved: true, status: 'pending' });
  });
});

describe('metadata', () => {
  it('of authorizations and transactions is merged, with an event', async () => {
    const authorization = await buy();
    const { stripe } = program;
    await stripe.issuing.authorizations.update(authorization.id, { metadata: { a: '1' } });
    expect(
      (await stripe.issuing.authorizations.update(authorization.id, { metadata: { b: '2' } }))
        .metadata,
    ).toEqual({ a: '1', b: '2' });
    expect(
      (await stripe.issuing.authorizations.update(authorization.id, { metadata: '' })).metadata,
    ).toEqual({});
    const { transactions } = await helpers().authorizations.capture(authorization.id);
    await stripe.issuing.transactions.update(transactions[0]?.id ?? '', { metadata: { c: '3' } });
    await program.simulator.settle();
    const [updated] = program.receiver.events('issuing_transaction.updated');
    expect(updated?.data.previous_attributes).toEqual({ metadata: { c: null } });
  });
});
