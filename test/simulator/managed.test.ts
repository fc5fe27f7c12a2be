import { join } from 'node:path';
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { decision, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

const manage = () =>
  program.control('PUT', '/_sim/accounts/platform/settings', { program: 'managed' });
const fund = (amount: number, currency = 'usd') =>
  program.control('POST', '/_sim/accounts/platform/balance', { amount, currency });
const balances = async () =>
  (await program.control('GET', '/_sim/accounts/platform/balance'))['balances'];

const authorizations = () => program.stripe.testHelpers.issuing.authorizations;
const pay = (card: string, amount: number) => authorizations().create({ card, amount });

const booked = ({ balance_transactions: entries }: Stripe.Issuing.Authorization) =>
  entries.map(({ type, amount }) => [type, amount]);

describe('a processor-only program', () => {
  it('has no balance: nothing is checked, held or booked, and nothing can be topped up', async () => {
    const card = await program.card();
    const { id } = await pay(card.id, 5_000);
    const captured = await authorizations().capture(id);
    expect(captured).toMatchObject({
      approved: true,
      balance_transactions: [],
      transactions: [{ balance_transaction: null }],
    });
    expect(await program.control('GET', '/_sim/accounts/platform/balance')).toEqual({
      program: 'processor_only',
      balances: [],
    });
    await expect(fund(100)).rejects.toThrow('processor-only');
  });
});

describe('the balance of a managed program', () => {
  it('is kept by currency, and what is not there cannot be withdrawn', async () => {
    await manage();
    await fund(10_000);
    await fund(700, 'EUR');
    await fund(-4_000);
    const shown = [
      { currency: 'usd', available: 6_000, held: 0 },
      { currency: 'eur', available: 700, held: 0 },
    ];
    expect(await balances()).toEqual(shown);
    await expect(fund(-6_001)).rejects.toThrow('Only 6000 can be withdrawn');
    await expect(fund(1, 'xxx')).rejects.toThrow('Invalid currency');
    expect(await balances()).toEqual(shown);
  });

  it('declines what it does not cover before anybody is asked, in the order of the checks', async () => {
    await manage();
    await fund(1_000);
    await program.subscribe();
    await program.decideWith((received) => decision(received, { approved: true }));
    const card = await program.card();
    const declined = await pay(card.id, 1_001);
    expect(declined).toMatchObject({
      approved: false,
      status: 'closed',
      balance_transactions: [],
      request_history: [{ approved: false, reason: 'insufficient_funds' }],
    });
    const inactive = await program.card({ status: 'inactive' });
    const both = await pay(inactive.id, 1_001);
    expect(both.request_history).toMatchObject([{ reason: 'insufficient_funds' }]);
    expect((await pay(card.id, 0)).approved).toBe(true);
    const approved = await pay(card.id, 1_000);
    expect(approved.request_history).toMatchObject([{ reason: 'webhook_approved' }]);
    await program.simulator.settle();
    const asked = program.receiver.events('issuing_authorization.request');
    expect(asked.map(({ data }) => (data.object as { id: string }).id)).toContain(approved.id);
    expect(asked).toHaveLength(2);
    expect(program.receiver.events('issuing_authorization.created')).toContainEqual(
      expect.objectContaining({ data: { object: declined } }),
    );
  });

  it('holds what is approved, releases what is not needed, and posts what is captured', async () => {
    await manage();
    await fund(10_000);
    const card = await program.card();
    await program.subscribe();
    const { id } = await pay(card.id, 3_000);
    expect(await balances()).toEqual([{ currency: 'usd', available: 7_000, held: 3_000 }]);
    const raised = await authorizations().increment(id, { increment_amount: 500 });
    expect(booked(raised)).toEqual([
      ['issuing_authorization_hold', -3_000],
      ['issuing_authorization_hold', -500],
    ]);
    await authorizations().reverse(id, { reverse_amount: 1_000 });
    expect(await balances()).toEqual([{ currency: 'usd', available: 7_500, held: 2_500 }]);
    const captured = await authorizations().capture(id, { capture_amount: 2_600 });
    expect(booked(captured)).toEqual([
      ['issuing_authorization_hold', -3_000],
      ['issuing_authorization_hold', -500],
      ['issuing_authorization_release', 1_000],
      ['issuing_authorization_release', 2_500],
    ]);
    expect(captured.balance_transactions[0]).toMatchObject({
      id: expect.stringMatching(/^txn_/),
      balance_type: 'issuing',
      currency: 'usd',
      net: -3_000,
      reporting_category: 'issuing_authorization_hold',
      source: id,
    });
    expect(await balances()).toEqual([{ currency: 'usd', available: 7_400, held: 0 }]);
    await program.simulator.settle();
    expect(program.receiver.types()).toEqual([
      'issuing_authorization.created',
      'issuing_authorization.updated',
      'issuing_authorization.updated',
      'issuing_transaction.created',
      'issuing_authorization.updated',
    ]);
    const [, reversal] = program.receiver.events('issuing_authorization.updated');
    expect(reversal?.data.previous_attributes).toMatchObject({
      amount: 3_500,
      balance_transactions: raised.balance_transactions,
    });
  });

  it('declines an increment that it does not cover, and keeps the hold as it was', async () => {
    await manage();
    await fund(1_000);
    const card = await program.card();
    const { id } = await pay(card.id, 900);
    const declined = await authorizations().increment(id, { increment_amount: 101 });
    expect(declined).toMatchObject({ amount: 900, status: 'pending', approved: true });
    expect(declined.request_history.at(-1)).toMatchObject({
      approved: false,
      reason: 'insufficient_funds',
    });
    expect(booked(declined)).toEqual([['issuing_authorization_hold', -900]]);
    const raised = await authorizations().increment(id, { increment_amount: 100 });
    expect(raised.amount).toBe(1_000);
  });

  it('gets refunds back, and shows the balance transaction of each transaction', async () => {
    await manage();
    await fund(5_000);
    const card = await program.card();
    const { id } = await pay(card.id, 1_200);
    const { transactions } = await authorizations().capture(id);
    const helpers = program.stripe.testHelpers.issuing.transactions;
    await helpers.refund(transactions[0]?.id ?? '', { refund_amount: 200 });
    await helpers.createUnlinkedRefund({ card: card.id, amount: 50 });
    await helpers.createForceCapture({ card: card.id, amount: 30 });
    expect(await balances()).toEqual([{ currency: 'usd', available: 4_020, held: 0 }]);
    const listed = await program.stripe.issuing.transactions.list({
      expand: ['data.balance_transaction.source'],
    });
    expect(listed.data.map(({ balance_transaction: entry }) => entry)).toMatchObject(
      listed.data.map(({ id: transaction, amount }) => ({
        object: 'balance_transaction',
        type: 'issuing_transaction',
        amount,
        source: { id: transaction, object: 'issuing.transaction' },
      })),
    );
    expect(new Set(listed.data.map(({ balance_transaction: entry }) => entry)).size).toBe(4);
  });

  it('can go below zero by what nobody can refuse', async () => {
    await manage();
    const card = await program.card();
    await program.control('POST', '/_sim/issuing/authorizations/stand_in', {
      card: card.id,
      amount: 400,
    });
    await program.stripe.testHelpers.issuing.transactions.createForceCapture({
      card: card.id,
      amount: 100,
    });
    expect(await balances()).toEqual([{ currency: 'usd', available: -500, held: 400 }]);
    expect((await pay(card.id, 1)).request_history).toMatchObject([
      { reason: 'insufficient_funds' },
    ]);
  });

  it('is not spent twice while two requests are decided at once', async () => {
    await manage();
    await fund(1_000);
    const card = await program.card();
    const waiting: (() => void)[] = [];
    await program.decideWith(
      (received) =>
        new Promise((resolve) => {
          waiting.push(() => resolve(decision(received, { approved: true })));
        }),
    );
    const first = pay(card.id, 600);
    await expect.poll(() => waiting.length).toBe(1);
    expect((await pay(card.id, 600)).approved).toBe(false);
    for (const answer of waiting) answer();
    expect((await first).approved).toBe(true);
    expect(await balances()).toEqual([{ currency: 'usd', available: 400, held: 600 }]);
  });

  it('gives back what was set aside for a request that is declined', async () => {
    await manage();
    await fund(1_000);
    const card = await program.card();
    await program.decideWith((received) => decision(received, { approved: false }));
    expect((await pay(card.id, 600)).approved).toBe(false);
    expect(await balances()).toEqual([{ currency: 'usd', available: 1_000, held: 0 }]);
  });

  it('comes right at once when a program becomes a managed one, also for the second time', async () => {
    const card = await program.card();
    const older = await pay(card.id, 500);
    await manage();
    await fund(2_000);
    expect(await balances()).toEqual([{ currency: 'usd', available: 1_500, held: 500 }]);
    const reversed = await pay(card.id, 300);
    await program.control('PUT', '/_sim/accounts/platform/settings', {
      program: 'processor_only',
    });
    await authorizations().reverse(reversed.id);
    await authorizations().capture(older.id);
    await manage();
    // What was captured meanwhile was paid from elsewhere.
    expect(await balances()).toEqual([{ currency: 'usd', available: 2_000, held: 0 }]);
    expect(booked(await program.stripe.issuing.authorizations.retrieve(older.id))).toEqual([
      ['issuing_authorization_hold', -500],
      ['issuing_authorization_release', 500],
    ]);
  });

  it('gets the money of disputes, gives it back, and tells of both', async () => {
    await manage();
    await fund(5_000);
    await program.subscribe();
    const card = await program.card();
    const { stripe } = program;
    const helpers = stripe.testHelpers.issuing.transactions;
    const submitted = async () => {
      const { id: transaction } = await helpers.createForceCapture({
        card: card.id,
        amount: 1_000,
      });
      const { id } = await stripe.issuing.disputes.create({
        transaction,
        evidence: { reason: 'fraudulent', fraudulent: { explanation: 'It was not me.' } },
      });
      return stripe.issuing.disputes.submit(id);
    };
    const step = (id: string, name: string) =>
      program.control('POST', `/_sim/issuing/disputes/${id}/${name}`);
    const available = async () =>
      ((await balances()) as readonly { available: number }[])[0]?.available;
    const bookings = async (id: string) =>
      (
        await stripe.issuing.disputes.retrieve(id, { expand: ['balance_transactions.source'] })
      ).balance_transactions?.map(({ type, amount, source }) => [type, amount, source]);

    const { id: won, balance_transactions: none } = await submitted();
    expect(none).toEqual([]);
    await step(won, 'reinstate_funds');
    expect(await available()).toBe(5_000);
    await step(won, 'rescind_funds');
    expect(await available()).toBe(4_000);
    await step(won, 'win');
    expect(await available()).toBe(5_000);
    const source = expect.objectContaining({ id: won, object: 'issuing.dispute' });
    expect(await bookings(won)).toEqual([
      ['issuing_dispute_provisional_credit', 1_000, source],
      ['issuing_dispute_provisional_credit_reversal', -1_000, source],
      ['issuing_dispute', 1_000, source],
    ]);

    const { id: lost } = await submitted();
    await step(lost, 'reinstate_funds');
    await step(lost, 'lose');
    expect(await available()).toBe(4_000);
    const { id: credited } = await submitted();
    await step(credited, 'reinstate_funds');
    await step(credited, 'win');
    expect(await available()).toBe(4_000);
    expect(await bookings(credited)).toHaveLength(1);

    await program.simulator.settle();
    const [event] = program.receiver.events('issuing_dispute.funds_reinstated');
    expect(event?.data.object).toMatchObject({
      id: won,
      balance_transactions: [
        { type: 'issuing_dispute_provisional_credit', reporting_category: 'issuing_dispute' },
      ],
    });
  });

  it('is the same after a restart', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const first = await startProgram({ stateFile });
    await first.control('PUT', '/_sim/accounts/platform/settings', { program: 'managed' });
    await first.control('POST', '/_sim/accounts/platform/balance', {
      amount: 900,
      currency: 'usd',
    });
    const card = await first.card();
    const helpers = first.stripe.testHelpers.issuing.authorizations;
    const { id } = await helpers.create({ card: card.id, amount: 200 });
    await first.close();

    const second = await startProgram({ stateFile });
    try {
      const path = '/_sim/accounts/platform/balance';
      expect((await second.control('GET', path))['balances']).toEqual([
        { currency: 'usd', available: 700, held: 200 },
      ]);
      const reversed = await second.stripe.testHelpers.issuing.authorizations.reverse(id);
      expect(booked(reversed)).toEqual([
        ['issuing_authorization_hold', -200],
        ['issuing_authorization_release', 200],
      ]);
    } finally {
      await second.close();
    }
  });

  it('refuses to expand what is not an id', async () => {
    await manage();
    await fund(100);
    const card = await program.card();
    const { id } = await pay(card.id, 100);
    const { issuing } = program.stripe;
    const shown = await issuing.authorizations.retrieve(id, {
      expand: ['balance_transactions.source'],
    });
    expect(shown.balance_transactions).toMatchObject([{ source: { id } }]);
    const wrong = issuing.authorizations.retrieve(id, { expand: ['balance_transactions.fee'] });
    expect((await refusal(wrong)).statusCode).toBe(400);
  });
});
