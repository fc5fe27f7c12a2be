/** Clearing: what the network posts, whether or not there is an authorization for it. */
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
let card: { id: string };
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
  card = await program.card();
  await program.subscribe();
});
afterEach(() => program.close());

const helpers = () => program.stripe.testHelpers.issuing;
const buy = (params: object = {}) =>
  helpers().authorizations.create({ card: card.id, amount: 1_000, ...params });
const capture = async (id: string, amount?: number): Promise<Stripe.Issuing.Transaction> => {
  const params = amount === undefined ? {} : { capture_amount: amount };
  const { transactions } = await helpers().authorizations.capture(id, params);
  const last = transactions.at(-1);
  if (last === undefined) throw new Error('nothing was captured');
  return last;
};

describe('a transaction', () => {
  it('is processed the next day when it comes in late', async () => {
    const { id } = await buy();
    expect((await capture(id)).network_data?.processing_date).toBe('2026-01-01');
    await program.control('POST', '/_sim/clock/advance', { seconds: 22 * 3_600 - 1 });
    expect((await capture(id, 1)).network_data?.processing_date).toBe('2026-01-01');
    await program.control('POST', '/_sim/clock/advance', { seconds: 1 });
    expect((await capture(id, 1)).network_data?.processing_date).toBe('2026-01-02');
  });

  it('carries the code of the authorization, its wallet, and fees of a cash machine', async () => {
    const withdrawal = await buy({
      amount: 10_300,
      wallet: 'apple_pay',
      authorization_method: 'chip',
      amount_details: { atm_fee: 300 },
      merchant_data: { category: 'automated_cash_disburse' },
    });
    expect(withdrawal).toMatchObject({
      merchant_data: { category_code: '6011' },
      amount_details: { atm_fee: 300, cashback_amount: null },
    });
    expect(await capture(withdrawal.id)).toMatchObject({
      amount: -10_300,
      amount_details: { atm_fee: 300, cashback_amount: null },
      wallet: 'apple_pay',
      network_data: {
        authorization_code: withdrawal.request_history[0]?.authorization_code,
        transaction_id: withdrawal.network_data?.transaction_id,
      },
    });
  });

  it('carries cashback, which cannot exceed the purchase', async () => {
    const cashback = await buy({ amount_details: { cashback_amount: 400 } });
    expect(await capture(cashback.id)).toMatchObject({
      amount: -1_000,
      amount_details: { cashback_amount: 400 },
    });
    const error = await refusal(buy({ amount_details: { cashback_amount: 1_001 } }));
    expect(error.param).toBe('amount_details[cashback_amount]');
  });

  it('gets its receipt later, which has an event of its own', async () => {
    const { id } = await capture((await buy()).id);
    const path = `/_sim/issuing/transactions/${id}/receipt`;
    const line = { description: 'Bread', quantity: '2', total: 1_000, unit_cost: 500 };
    await program.control('POST', path, { receipt: [line] });
    const receipt = [{ ...line, quantity: 2 }];
    const stored = await program.stripe.issuing.transactions.retrieve(id, {
      expand: ['purchase_details'],
    });
    expect(stored.purchase_details).toMatchObject({ receipt, reference: null });
    const last = (await told(program, 'issuing_transaction')).at(-1);
    expect(last).toMatchObject({
      type: 'transaction.purchase_details_receipt_updated',
      object: { id, purchase_details: { receipt } },
    });
    expect(last?.previous).toBeUndefined();
  });
});

describe('a refund', () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['closed', () => Promise.resolve()],
    ['expired', (id) => helpers().authorizations.expire(id)],
    ['reversed', (id) => helpers().authorizations.reverse(id)],
  ])('is linked to an authorization that is %s', async (status, end) => {
    const { id } = await buy();
    await end(id);
    const captured = await capture(id);
    const refund = await helpers().transactions.refund(captured.id);
    expect(refund).toMatchObject({ type: 'refund', amount: 1_000, authorization: id });
    const stored = await program.stripe.issuing.authorizations.retrieve(id);
    expect(stored).toMatchObject({ status, transactions: [{ amount: -1_000 }, { amount: 1_000 }] });
    const seen = await told(program);
    expect(seen.slice(-2)).toMatchObject([
      { type: 'transaction.created', object: { id: refund.id, authorization: id } },
      { type: 'authorization.updated', object: { id, status } },
    ]);
    expect(Object.keys(seen.at(-1)?.previous ?? {})).toEqual(['transactions']);
  });

  it('of a forced capture is not linked to any authorization', async () => {
    const forced = await helpers().transactions.createForceCapture({ card: card.id, amount: 500 });
    const refund = await helpers().transactions.refund(forced.id, { refund_amount: 200 });
    expect(refund).toMatchObject({ type: 'refund', amount: 200, authorization: null });
    expect((await told(program)).map(({ type }) => type)).toEqual([
      'transaction.created',
      'transaction.created',
    ]);
  });

  it('beyond the capture, or of a refund, is refused and posts nothing', async () => {
    const captured = await capture((await buy()).id);
    const refund = (id: string, amount: number) =>
      helpers().transactions.refund(id, { refund_amount: amount });
    expect((await refusal(refund(captured.id, 1_001))).param).toBe('refund_amount');
    const part = await refund(captured.id, 600);
    expect((await refusal(refund(captured.id, 401))).param).toBe('refund_amount');
    expect((await refusal(refund(part.id, 1))).message).toContain('only captures');
    const { data } = await program.stripe.issuing.transactions.list();
    expect(data.map(({ amount }) => amount)).toEqual([600, -1_000]);
  });

  it('without a link credits a cancelled card as well', async () => {
    await program.stripe.issuing.cards.update(card.id, { status: 'canceled' });
    const refund = await helpers().transactions.createUnlinkedRefund({
      card: card.id,
      amount: 300,
      currency: 'gbp',
    });
    expect(refund).toMatchObject({ amount: 381, merchant_amount: 300, merchant_currency: 'gbp' });
  });
});
