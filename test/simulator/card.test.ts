import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterAll(() => program.close());

const shipping = { name: 'Jenny Rosen', address: ADDRESS };

describe('a physical card', () => {
  it('is shipped, delivered and activated, with an event for each step', async () => {
    const { stripe, receiver, simulator } = program;
    const endpoint = await program.subscribe({
      enabled_events: ['issuing_card.created', 'issuing_card.updated'],
    });
    const card = await program.card({ type: 'physical', status: 'inactive', shipping });
    expect(card).toMatchObject({
      status: 'inactive',
      shipping: { status: 'pending', carrier: null },
    });
    const helpers = stripe.testHelpers.issuing.cards;
    await helpers.submitCard(card.id);
    const shipped = await helpers.shipCard(card.id);
    expect(shipped.shipping).toMatchObject({
      status: 'shipped',
      carrier: 'usps',
      tracking_number: expect.stringMatching(/^\d+$/),
    });
    const delivered = await helpers.deliverCard(card.id);
    expect(delivered.shipping?.delivered_at).toBeTypeOf('number');
    await stripe.issuing.cards.update(card.id, { status: 'active' });
    await simulator.settle();
    const changes = receiver
      .events('issuing_card.updated')
      .map((event) => event.data.previous_attributes);
    expect(changes).toHaveLength(4);
    expect(changes).toContainEqual({ shipping: { status: 'pending' } });
    expect(changes).toContainEqual({ status: 'inactive' });
    await stripe.webhookEndpoints.del(endpoint.id);
  });

  it('cannot be delivered before it was shipped', async () => {
    const card = await program.card({ type: 'physical', shipping });
    const error = await refusal(program.stripe.testHelpers.issuing.cards.deliverCard(card.id));
    expect(error.message).toBe('You cannot deliver a card whose shipping status is pending.');
  });

  it('can be returned, or fail, and its address can change only before it leaves', async () => {
    const helpers = program.stripe.testHelpers.issuing.cards;
    const [first, second] = [
      await program.card({ type: 'physical', shipping }),
      await program.card({ type: 'physical', shipping }),
    ];
    const moved = await program.stripe.issuing.cards.update(first.id, {
      shipping: { ...shipping, name: 'J. Rosen' },
    });
    expect(moved.shipping?.name).toBe('J. Rosen');
    await helpers.submitCard(first.id);
    const early = await refusal(program.stripe.issuing.cards.update(first.id, { shipping }));
    expect(early.param).toBe('shipping');
    await helpers.shipCard(first.id);
    expect((await helpers.returnCard(first.id)).shipping?.status).toBe('returned');
    expect((await helpers.failCard(second.id)).shipping?.status).toBe('failure');
    const late = await refusal(program.stripe.issuing.cards.update(first.id, { shipping }));
    expect(late.param).toBe('shipping');
  });

  it('takes its shipping along when it is cancelled early', async () => {
    const card = await program.card({ type: 'physical', shipping });
    await program.control('POST', `/_sim/issuing/cards/${card.id}/cancel`, {
      cancellation_reason: 'design_rejected',
    });
    const canceled = await program.stripe.issuing.cards.retrieve(card.id);
    expect(canceled).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'design_rejected',
      shipping: { status: 'canceled' },
    });
  });

  it('needs an address to be shipped to', async () => {
    const error = await refusal(program.card({ type: 'physical' }));
    expect(error).toMatchObject({ code: 'parameter_missing', param: 'shipping' });
  });
});

describe('a virtual card', () => {
  it('has no shipping, and none of its steps', async () => {
    expect((await refusal(program.card({ shipping }))).param).toBe('shipping');
    const card = await program.card();
    expect(card.shipping).toBeNull();
    const error = await refusal(program.stripe.testHelpers.issuing.cards.shipCard(card.id));
    expect(error.message).toContain('virtual');
    expect((await refusal(program.stripe.issuing.cards.update(card.id, { shipping }))).param).toBe(
      'shipping',
    );
  });

  it('shows number and CVC only when they are expanded on a retrieve', async () => {
    const card = await program.card();
    expect(card).not.toHaveProperty('number');
    const shown = await program.stripe.issuing.cards.retrieve(card.id, {
      expand: ['number', 'cvc'],
    });
    expect(shown.number).toMatch(/^400000999\d{7}$/);
    expect(shown.number?.slice(-4)).toBe(card.last4);
    expect(shown.cvc).toMatch(/^\d{3}$/);
  });

  it('is cancelled for good', async () => {
    const card = await program.card();
    await program.stripe.issuing.cards.update(card.id, {
      status: 'canceled',
      cancellation_reason: 'lost',
    });
    const error = await refusal(program.stripe.issuing.cards.update(card.id, { status: 'active' }));
    expect(error).toMatchObject({ statusCode: 400, param: 'status' });
  });

  it('is cancelled by Stripe after the allowed number of payments', async () => {
    const card = await program.card({ lifecycle_controls: { cancel_after: { payment_count: 2 } } });
    const pay = () =>
      program.stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount: 100 });
    await pay();
    expect((await pay()).card.status).toBe('canceled');
    expect((await pay()).request_history[0]?.reason).toBe('card_canceled');
  });
});

describe('a cardholder', () => {
  it('with outstanding requirements cannot have a card activated', async () => {
    const card = await program.card({ status: 'inactive' });
    await program.control('POST', `/_sim/issuing/cardholders/${card.cardholder.id}/requirements`, {
      disabled_reason: 'requirements.past_due',
      past_due: ['individual.dob.day'],
    });
    const error = await refusal(program.stripe.issuing.cards.update(card.id, { status: 'active' }));
    expect(error.message).toContain('requirements.past_due: individual.dob.day');
    await program.control('POST', `/_sim/issuing/cardholders/${card.cardholder.id}/requirements`, {
      disabled_reason: null,
    });
    expect((await program.stripe.issuing.cards.update(card.id, { status: 'active' })).status).toBe(
      'active',
    );
  });

  it('is updated in parts', async () => {
    const cardholder = await program.cardholder({
      metadata: { a: '1', b: '2' },
      phone_number: '(415) 555-0132',
      individual: {
        first_name: 'Jenny',
        last_name: 'Rosen',
        dob: { day: 1, month: 2, year: 1990 },
      },
    });
    expect(cardholder.phone_number).toBe('+14155550132');
    const updated = await program.stripe.issuing.cardholders.update(cardholder.id, {
      metadata: { b: '', c: '3' },
      individual: { first_name: 'Jen' },
      status: 'inactive',
    });
    expect(updated).toMatchObject({
      metadata: { a: '1', c: '3' },
      status: 'inactive',
      individual: { first_name: 'Jen', last_name: 'Rosen' },
    });
    expect(updated.metadata).not.toHaveProperty('b');
  });

  it('refuses names that cannot be embossed', async () => {
    expect((await refusal(program.cardholder({ name: 'R2D2' }))).param).toBe('name');
    expect((await refusal(program.cardholder({ name: 'A'.repeat(25) }))).param).toBe('name');
  });
});

it('a card cannot have expired before it is made', async () => {
  const refused = async (params: object) => {
    const { code, param } = await refusal(program.card(params));
    return [code, param];
  };
  expect(await refused({ exp_month: 6, exp_year: 2025 })).toEqual([
    'invalid_expiry_year',
    'exp_year',
  ]);
  expect(await refused({ exp_month: 6, exp_year: 20_270 })).toEqual([
    'invalid_expiry_year',
    'exp_year',
  ]);
  await program.control('POST', '/_sim/clock/advance', { seconds: 40 * 86_400 });
  expect(await refused({ exp_month: 1, exp_year: 2026 })).toEqual([
    'invalid_expiry_month',
    'exp_month',
  ]);
  expect(await program.card({ exp_month: 2, exp_year: 2026 })).toMatchObject({ exp_month: 2 });
});
