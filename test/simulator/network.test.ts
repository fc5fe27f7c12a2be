/** Decisions without a request: by Stripe for reasons of its own, and by the network in Stripe's place. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../../src/simulator/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { decision, type Program, startProgram, startReceiver } from './program.ts';
import { told } from './story.ts';

let program: Program;
let card: { id: string };
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
  await program.decideWith((received) => decision(received, { approved: true }));
  card = await program.card();
  await program.subscribe();
});
afterEach(() => program.close());

const helpers = () => program.stripe.testHelpers.issuing.authorizations;
const buy = (params: object = {}) => helpers().create({ card: card.id, amount: 1_000, ...params });
const reason = async (params: object = {}) => (await buy(params)).request_history[0]?.reason;
const requests = () => program.receiver.events('issuing_authorization.request').length;
const network = (mode: string) => program.control('PUT', '/_sim/network', { mode });

describe('Stripe declines without a request', () => {
  it.each([
    'account_disabled',
    'card_canceled',
    'cardholder_blocked',
    'insecure_authorization_method',
    'insufficient_funds',
    'not_allowed',
    'pin_blocked',
    'stripe_internal_error',
  ])('the next authorization for %s, when told so, and only that one', async (wanted) => {
    await program.control('POST', `/_sim/issuing/cards/${card.id}/decline_next`, {
      reason: wanted,
    });
    expect(await buy()).toMatchObject({
      approved: false,
      status: 'closed',
      amount: 1_000,
      request_history: [{ reason: wanted, approved: false, authorization_code: null }],
    });
    expect(requests()).toBe(0);
    expect(await reason()).toBe('webhook_approved');
    const created = (await told(program, 'issuing_authorization')).map(({ type }) => type);
    expect(created).toEqual([
      'authorization.created',
      'authorization.request',
      'authorization.created',
    ]);
  });

  it('at terminals after three wrong PINs, until there is a new one', async () => {
    const wrong = `/_sim/issuing/cards/${card.id}/wrong_pin`;
    expect(await program.control('POST', wrong, { times: 2 })).toMatchObject({ blocked: false });
    expect(await reason({ authorization_method: 'chip' })).toBe('webhook_approved');
    expect(await program.control('POST', wrong)).toMatchObject({ blocked: true, wrong_pins: 3 });
    expect(await reason({ authorization_method: 'chip' })).toBe('pin_blocked');
    expect(await reason({ authorization_method: 'online' })).toBe('webhook_approved');
    await program.stripe.issuing.cards.update(card.id, { pin: { encrypted_number: 'abc' } });
    expect(await reason({ authorization_method: 'chip' })).toBe('webhook_approved');
  });

  it.each([
    ['swipe', 'insecure_authorization_method'],
    ['keyed_in', 'insecure_authorization_method'],
    ['chip', 'webhook_approved'],
    ['contactless', 'webhook_approved'],
    ['online', 'webhook_approved'],
  ])('insecure methods, where the account says so: %s', async (method, declined) => {
    expect(await reason({ authorization_method: method })).toBe('webhook_approved');
    await program.control('PUT', '/_sim/accounts/platform/settings', {
      insecureMethods: 'decline',
    });
    expect(await reason({ authorization_method: method })).toBe(declined);
  });

  it.each(['listed', 'rejected.listed', 'requirements.past_due', 'under_review'])(
    'for the requirement %s of its cardholder',
    async (disabledReason) => {
      const { cardholder } = await program.stripe.issuing.cards.retrieve(card.id);
      const path = `/_sim/issuing/cardholders/${cardholder.id}/requirements`;
      await program.control('POST', path, { disabled_reason: disabledReason });
      expect(await reason()).toBe('cardholder_verification_required');
      await program.control('POST', path, { disabled_reason: null });
      expect(await reason()).toBe('webhook_approved');
    },
  );

  it('for the first reason in order: card, cardholder, spending controls, verification, fraud', async () => {
    const params = {
      amount: 1_000_001,
      verification_data: { three_d_secure: { result: 'failed' } },
      risk_assessment: { fraud_risk: { level: 'highest' } },
    };
    expect(await reason(params)).toBe('spending_controls');
    expect(await reason({ ...params, amount: 1 })).toBe('verification_failed');
    const { cardholder } = await program.stripe.issuing.cards.retrieve(card.id);
    await program.control('POST', `/_sim/issuing/cardholders/${cardholder.id}/block`);
    expect(await reason(params)).toBe('cardholder_blocked');
    await program.stripe.issuing.cards.update(card.id, { status: 'inactive' });
    expect(await reason(params)).toBe('card_inactive');
  });
});

describe('the route that the Stripe CLI triggers requests with', () => {
  it('asks about held_amount', async () => {
    const post = (id: string, body: string) =>
      fetch(`${program.simulator.url}/v1/issuing/cards/${id}/test/authorizations`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer sk_test_x',
          'content-type': 'application/x-www-form-urlencoded',
        },
        body,
      });
    const answer = await post(card.id, 'held_amount=1234&is_amount_controllable=true');
    expect(await answer.json()).toMatchObject({ amount: 1_234, approved: true });
    expect((await told(program, 'issuing_authorization')).map(({ type }) => type)).toEqual([
      'authorization.request',
      'authorization.created',
    ]);
    expect((await post(card.id, '')).status).toBe(400);
    expect((await post('ic_none', 'held_amount=1')).status).toBe(404);
  });
});

describe('the network, standing in,', () => {
  it('approves without a request, and Stripe tells of it afterwards', async () => {
    const before = await buy();
    await program.simulator.settle();
    program.receiver.received.length = 0;
    await network('stand_in_approve');
    const authorization = await buy({ amount: 700 });
    expect(authorization).toMatchObject({
      approved: true,
      status: 'pending',
      amount: 700,
      request_history: [{ reason: 'network_fallback', approved: true }],
    });
    expect(await helpers().increment(before.id, { increment_amount: 50 })).toMatchObject({
      amount: 1_050,
    });
    expect(await told(program)).toEqual([]);
    expect(await network('normal')).toEqual({ mode: 'normal', events: 2 });
    const seen = await told(program);
    expect(seen).toMatchObject([
      { type: 'authorization.created', object: { id: authorization.id, approved: true } },
      { type: 'authorization.updated', object: { id: before.id }, previous: { amount: 1_000 } },
    ]);
    expect(await buy()).toMatchObject({ request_history: [{ reason: 'webhook_approved' }] });
  });

  it('shows what an increment holds on the Issuing balance of a managed program', async () => {
    await program.control('PUT', '/_sim/accounts/platform/settings', { program: 'managed' });
    const top = { amount: 100_000, currency: 'usd' };
    await program.control('POST', '/_sim/accounts/platform/balance', top);
    const { id } = await buy();
    await network('stand_in_approve');
    const raised = await helpers().increment(id, { increment_amount: 50 });
    const holds = [{ amount: -1_000 }, { amount: -50 }];
    expect(raised.balance_transactions).toMatchObject(holds);
    await network('normal');
    const last = (await told(program)).at(-1);
    expect(last).toMatchObject({
      type: 'authorization.updated',
      object: { id, balance_transactions: holds },
    });
  });

  it('has all of an authorization told in order, whatever happens to it meanwhile', async () => {
    const heard = await buy({ amount: 10 });
    await network('stand_in_approve');
    const { id } = await buy();
    await program.stripe.issuing.authorizations.update(id, { metadata: { trip: '7' } });
    const { transactions } = await helpers().capture(id, {
      capture_amount: 300,
      close_authorization: false,
    });
    const paid = transactions[0]?.id ?? '';
    await program.stripe.issuing.transactions.update(paid, { metadata: { trip: '7' } });
    await helpers().reverse(id);
    await program.stripe.testHelpers.issuing.transactions.refund(paid, { refund_amount: 100 });
    // What Stripe already knows of needs no waiting.
    await helpers().reverse(heard.id);
    const shown = async () =>
      (await told(program))
        .filter(({ type }) => !type.endsWith('.request'))
        .map(({ type, object }) => [type, object['status'] ?? null, object['amount']]);
    const before = [
      ['authorization.created', 'pending', 10],
      ['authorization.updated', 'reversed', 0],
    ];
    expect(await shown()).toEqual(before);
    await network('stand_in_decline');
    expect(await shown()).toEqual(before);
    expect(await network('normal')).toEqual({ mode: 'normal', events: 8 });
    expect(await shown()).toEqual([
      ...before,
      ['authorization.created', 'pending', 1_000],
      ['authorization.updated', 'pending', 1_000],
      ['transaction.created', null, -300],
      ['authorization.updated', 'pending', 700],
      ['transaction.updated', null, -300],
      ['authorization.updated', 'closed', 0],
      ['transaction.created', null, 100],
      ['authorization.updated', 'closed', 0],
    ]);
    await helpers().capture(id, { capture_amount: 1 });
    expect((await shown()).slice(-2).map(([type]) => type)).toEqual([
      'transaction.created',
      'authorization.updated',
    ]);
  });

  it('declines without a request, whatever the card could pay', async () => {
    await network('stand_in_decline');
    const authorization = await buy();
    expect(authorization).toMatchObject({
      approved: false,
      status: 'closed',
      request_history: [{ reason: 'network_fallback', approved: false }],
    });
    await network('normal');
    const seen = await told(program, 'issuing_authorization');
    expect(seen).toMatchObject([
      { type: 'authorization.created', object: { id: authorization.id, approved: false } },
    ]);
    expect(requests()).toBe(0);
  });

  it('declines a single purchase by a control route as well', async () => {
    const declined = await program.control('POST', '/_sim/issuing/authorizations/stand_in', {
      card: card.id,
      amount: 500,
      approved: false,
    });
    expect(declined).toMatchObject({
      approved: false,
      status: 'closed',
      request_history: [{ reason: 'network_fallback' }],
    });
    expect((await told(program, 'issuing_authorization')).map(({ type }) => type)).toEqual([
      'authorization.created',
    ]);
  });

  it('does not count towards the payments that a card is good for', async () => {
    const once = await program.card({ lifecycle_controls: { cancel_after: { payment_count: 1 } } });
    await network('stand_in_approve');
    await buy({ card: once.id });
    await network('normal');
    expect(await program.stripe.issuing.cards.retrieve(once.id)).toMatchObject({
      status: 'active',
    });
    await buy({ card: once.id });
    expect((await program.stripe.issuing.cards.retrieve(once.id)).status).toBe('canceled');
  });

  it('has its decisions told even if the simulator was restarted meanwhile', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const first = await startProgram({ stateFile });
    await first.subscribe({ enabled_events: ['issuing_authorization.created'] });
    const port = Number(new URL(first.receiver.url).port);
    await first.control('PUT', '/_sim/network', { mode: 'stand_in_approve' });
    const { id } = await first.stripe.testHelpers.issuing.authorizations.create({
      card: (await first.card()).id,
      amount: 700,
    });
    await first.close();
    const receiver = await startReceiver(port);
    const second = createSimulator({ stateFile });
    await second.listen();
    try {
      await fetch(`${second.url}/_sim/network`, { method: 'PUT', body: '{"mode":"normal"}' });
      await second.settle();
      expect(receiver.received.map(({ event }) => event.data.object)).toMatchObject([{ id }]);
    } finally {
      await second.close();
      await receiver.close();
    }
  });
});
