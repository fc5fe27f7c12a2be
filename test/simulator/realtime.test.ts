import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_VERSION } from '../../src/simulator/index.ts';
import { decision, type Program, startProgram } from './program.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

const buy = (card: { id: string }, params: object = {}) =>
  program.stripe.testHelpers.issuing.authorizations.create({
    card: card.id,
    amount: 1_000,
    ...params,
  });
const lastReason = (authorization: { request_history: { reason: string }[] }) =>
  authorization.request_history.at(-1)?.reason;

describe('the real-time request', () => {
  it('carries the whole undecided authorization with its card and cardholder', async () => {
    await program.decideWith((received) =>
      decision(received, { approved: true, metadata: { ours: 'd1' } }),
    );
    const card = await program.card();
    const authorization = await buy(card, {
      merchant_data: { category: 'bakeries', name: 'Bread' },
    });
    expect(authorization).toMatchObject({
      approved: true,
      status: 'pending',
      amount: 1_000,
      pending_request: null,
      metadata: { ours: 'd1' },
    });
    expect(authorization.request_history).toMatchObject([
      {
        approved: true,
        amount: 1_000,
        reason: 'webhook_approved',
        authorization_code: expect.stringMatching(/^S\d{6}$/),
      },
    ]);
    const [received] = program.receiver.received;
    const secret = (await program.control('GET', '/_sim/accounts')) as {
      accounts: { realtime_endpoint: { secret: string } }[];
    };
    const event = program.stripe.webhooks.constructEvent(
      received?.raw ?? '',
      String(received?.headers['stripe-signature']),
      secret.accounts[0]?.realtime_endpoint.secret ?? '',
    );
    expect(event.data.object).toMatchObject({
      id: authorization.id,
      approved: false,
      amount: 0,
      status: 'pending',
      request_history: [],
      card: { id: card.id, cardholder: { id: card.cardholder.id, object: 'issuing.cardholder' } },
      merchant_data: { category: 'bakeries', category_code: '5462', name: 'Bread' },
      pending_request: { amount: 1_000, currency: 'usd', is_amount_controllable: false },
    });
  });

  it('declines when told so, and closes the authorization', async () => {
    await program.subscribe();
    await program.decideWith((received) => decision(received, { approved: false }));
    const authorization = await buy(await program.card());
    expect(authorization).toMatchObject({ approved: false, status: 'closed', amount: 1_000 });
    expect(lastReason(authorization)).toBe('webhook_declined');
    await program.simulator.settle();
    expect(program.receiver.events('issuing_authorization.created')).toHaveLength(1);
    expect(program.receiver.events('issuing_authorization.updated')).toHaveLength(0);
  });

  it('counts silence of two seconds as the timeout policy says', async () => {
    await program.decideWith(() => undefined);
    const connected = String((await program.control('POST', '/_sim/accounts', {}))['id']);
    await program.control('PUT', `/_sim/accounts/${connected}/realtime_endpoint`, {
      url: program.receiver.url,
    });
    await program.control('PUT', `/_sim/accounts/${connected}/settings`, {
      timeoutPolicy: 'approve',
    });
    const options = { stripeAccount: connected };
    const holder = await program.stripe.issuing.cardholders.create(
      {
        name: 'Ada',
        phone_number: '+4930123456',
        billing: { address: { line1: '1', city: 'Bonn', postal_code: '53111', country: 'DE' } },
      },
      options,
    );
    const card = await program.stripe.issuing.cards.create(
      { cardholder: holder.id, currency: 'eur', type: 'virtual', status: 'active' },
      options,
    );
    const startedAt = performance.now();
    const [declined, approved] = await Promise.all([
      buy(await program.card()),
      program.stripe.testHelpers.issuing.authorizations.create(
        { card: card.id, amount: 500 },
        options,
      ),
    ]);
    expect(performance.now() - startedAt).toBeGreaterThan(1_950);
    expect(declined).toMatchObject({ approved: false, status: 'closed' });
    expect(approved).toMatchObject({ approved: true, status: 'pending', amount: 500 });
    expect([lastReason(declined), lastReason(approved)]).toEqual([
      'webhook_timeout',
      'webhook_timeout',
    ]);
  });

  it('declines with webhook_error when nobody listens, or approves where the account says so', async () => {
    await program.decideWith(() => undefined);
    const { receiver } = program;
    await receiver.close();
    const card = await program.card();
    expect(lastReason(await buy(card))).toBe('webhook_error');
    await program.control('PUT', '/_sim/accounts/platform/settings', {
      errorPolicy: 'timeout_policy',
      timeoutPolicy: 'approve',
    });
    expect(await buy(card)).toMatchObject({
      approved: true,
      request_history: [{ reason: 'webhook_error' }],
    });
  });

  it('accepts a partial amount where the amount is controllable, but not below the cashback', async () => {
    await program.decideWith((received) => decision(received, { approved: true, amount: 600 }));
    const card = await program.card();
    expect(await buy(card, { is_amount_controllable: true })).toMatchObject({
      approved: true,
      amount: 600,
      merchant_amount: 600,
    });
    const cashback = await buy(card, {
      is_amount_controllable: true,
      amount_details: { cashback_amount: 700 },
    });
    expect(lastReason(cashback)).toBe('webhook_error');
  });

  it('asks again for an increment, about the addition only', async () => {
    await program.decideWith((received) => decision(received, { approved: true }));
    const authorization = await buy(await program.card());
    await program.subscribe();
    const increment = (amount: number) =>
      program.stripe.testHelpers.issuing.authorizations.increment(authorization.id, {
        increment_amount: amount,
      });
    expect(await increment(250)).toMatchObject({
      amount: 1_250,
      status: 'pending',
      approved: true,
    });
    expect(
      program.receiver.events('issuing_authorization.request').at(-1)?.data.object,
    ).toMatchObject({
      id: authorization.id,
      amount: 1_000,
      pending_request: { amount: 250 },
    });
    await program.decideWith((received) => decision(received, { approved: false }));
    const declined = await increment(99);
    expect(declined).toMatchObject({ amount: 1_250, status: 'pending', approved: true });
    expect(declined.request_history.map((entry) => entry.approved)).toEqual([true, true, false]);
    await program.simulator.settle();
    expect(program.receiver.events('issuing_authorization.updated')).toHaveLength(2);
  });

  it('may end declined by the network after it was approved', async () => {
    await program.decideWith((received) =>
      decision(received, { approved: true, metadata: { key: 'kept' } }),
    );
    const card = await program.card();
    await program.control('POST', `/_sim/issuing/cards/${card.id}/decline_next_after_approval`);
    const authorization = await buy(card);
    expect(authorization).toMatchObject({
      approved: false,
      status: 'closed',
      metadata: { key: 'kept' },
    });
    expect(lastReason(authorization)).toBe('not_allowed');
    expect(await buy(card)).toMatchObject({ approved: true });
  });
});

describe('without asking', () => {
  it('the network may approve in our absence', async () => {
    await program.decideWith((received) => decision(received, { approved: false }));
    await program.subscribe();
    const card = await program.card();
    const answer = await program.control('POST', '/_sim/issuing/authorizations/stand_in', {
      card: card.id,
      amount: 700,
      merchant_data: { category: 'bakeries' },
    });
    expect(answer).toMatchObject({
      approved: true,
      status: 'pending',
      amount: 700,
      request_history: [{ reason: 'network_fallback' }],
    });
    await program.simulator.settle();
    expect(program.receiver.types()).toContain('issuing_authorization.created');
    expect(program.receiver.types()).not.toContain('issuing_authorization.request');
  });

  it('approves at once where no endpoint is set', async () => {
    const authorization = await buy(await program.card());
    expect(authorization).toMatchObject({ approved: true });
    expect(lastReason(authorization)).toBe('card_active');
  });

  it('declines for what Stripe checks itself', async () => {
    await program.decideWith((received) => decision(received, { approved: true }));
    const { stripe } = program;
    const reasonFor = async (params: object, card?: { id: string }) =>
      lastReason(await buy(card ?? (await program.card()), params));
    const inactive = await program.card({ status: 'inactive' });
    expect(await reasonFor({}, inactive)).toBe('card_inactive');
    const expiring = await program.card({ exp_month: 1, exp_year: 2026 });
    await program.control('POST', '/_sim/clock/advance', { seconds: 31 * 86_400 });
    expect(await reasonFor({}, expiring)).toBe('card_expired');
    await stripe.issuing.cards.update(inactive.id, { status: 'canceled' });
    expect(await reasonFor({}, inactive)).toBe('card_canceled');
    const [blocked, limited, idle] = [
      await program.card(),
      await program.card(),
      await program.card(),
    ];
    await program.control('POST', `/_sim/issuing/cardholders/${blocked.cardholder.id}/block`);
    expect(await reasonFor({}, blocked)).toBe('cardholder_blocked');
    await program.control(
      'POST',
      `/_sim/issuing/cardholders/${limited.cardholder.id}/requirements`,
      { disabled_reason: 'under_review' },
    );
    expect(await reasonFor({}, limited)).toBe('cardholder_verification_required');
    await stripe.issuing.cardholders.update(idle.cardholder.id, { status: 'inactive' });
    expect(await reasonFor({}, idle)).toBe('cardholder_inactive');
    expect(await reasonFor({ verification_data: { three_d_secure: { result: 'failed' } } })).toBe(
      'verification_failed',
    );
    expect(await reasonFor({ risk_assessment: { fraud_risk: { level: 'highest' } } })).toBe(
      'suspected_fraud',
    );
    expect(await reasonFor({ amount: 1_000_001 })).toBe('spending_controls');
    await program.control('PUT', '/_sim/accounts/platform/settings', { cvcMismatch: 'decline' });
    expect(await reasonFor({ verification_data: { cvc_check: 'mismatch' } })).toBe(
      'verification_failed',
    );
    expect(program.receiver.received).toHaveLength(0);
  });

  it('declines above 500 USD a day where a card sets no limit, in UTC days', async () => {
    const { spending_controls: controls, ...card } = await program.card({ spending_controls: {} });
    expect(controls.spending_limits).toEqual([]);
    expect(await buy(card, { amount: 30_000 })).toMatchObject({ approved: true });
    const over = await buy(card, { amount: 20_001 });
    expect(lastReason(over)).toBe('spending_controls');
    expect(await buy(card, { amount: 20_000 })).toMatchObject({ approved: true });
    await program.control('POST', '/_sim/clock/advance', { seconds: 86_400 });
    expect(await buy(card, { amount: 50_000 })).toMatchObject({ approved: true });
  });

  it('keeps to categories, countries, and the limits of cardholder and category', async () => {
    const holder = await program.cardholder({
      spending_controls: {
        spending_limits: [{ amount: 5_000, interval: 'all_time' }],
        spending_limits_currency: 'usd',
      },
    });
    const card = await program.card({
      cardholder: holder.id,
      spending_controls: {
        blocked_categories: ['bakeries'],
        allowed_merchant_countries: ['US', 'CA'],
        spending_limits: [
          { amount: 1_500, interval: 'per_authorization', categories: ['taxicabs_limousines'] },
        ],
      },
    });
    const reasonFor = async (params: object) => lastReason(await buy(card, params));
    expect(await reasonFor({ merchant_data: { category: 'bakeries' } })).toBe('spending_controls');
    expect(await reasonFor({ merchant_data: { country: 'DE' } })).toBe('spending_controls');
    expect(await reasonFor({ amount: 1_501 })).toBe('spending_controls');
    expect(await reasonFor({ amount: 1_500 })).toBe('card_active');
    expect(
      await reasonFor({ amount: 3_500, merchant_data: { category: 'airports_flying_fields' } }),
    ).toBe('card_active');
    expect(await reasonFor({ amount: 1 })).toBe('spending_controls');
  });

  it('comes in the version that its endpoint was set up with, and wants the answer in it', async () => {
    const card = await program.card();
    const path = '/_sim/accounts/platform/realtime_endpoint';
    const set = (params: object) =>
      program.control('PUT', path, { url: program.receiver.url, ...params });
    expect(await set({ api_version: '2024-06-20' })).toMatchObject({ api_version: '2024-06-20' });
    // A repeated call without a version keeps it, as it keeps the secret.
    expect(await set({})).toMatchObject({ api_version: '2024-06-20' });
    program.receiver.respond = (received) => decision(received, { approved: true });
    expect(lastReason(await buy(card))).toBe('webhook_approved');
    expect(program.receiver.received[0]?.event.api_version).toBe('2024-06-20');
    program.receiver.respond = () => ({
      headers: { 'stripe-version': API_VERSION },
      body: JSON.stringify({ approved: true }),
    });
    expect(lastReason(await buy(card))).toBe('webhook_error');
    await expect(set({ api_version: 'latest' })).rejects.toThrow('api_version');
  });
});
