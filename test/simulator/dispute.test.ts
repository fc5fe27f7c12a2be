import type Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, FRAUD, idOf, openDesk } from './dispute-desk.ts';
import { refusal } from './program.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterEach(() => desk.clear());
afterAll(() => desk.close());

describe('a new dispute', () => {
  it('is a draft about the whole capture and is linked to the transaction, with events of both', async () => {
    const transaction = await desk.capture(5_000);
    const dispute = await desk.stripe.issuing.disputes.create({
      transaction: transaction.id,
      evidence: FRAUD,
      metadata: { case: '1' },
    });
    expect(dispute).toMatchObject({
      id: expect.stringMatching(/^idp_/),
      amount: 5_000,
      balance_transactions: [],
      currency: 'usd',
      evidence: {
        reason: 'fraudulent',
        fraudulent: { additional_documentation: null, explanation: 'It was not me.' },
      },
      metadata: { case: '1' },
      status: 'unsubmitted',
      transaction: transaction.id,
    });
    expect(dispute).not.toHaveProperty('loss_reason');
    expect(transaction.dispute).toBeNull();
    const [created] = await desk.delivered('issuing_dispute.created');
    expect(created?.data.object).toEqual(dispute);
    const [updated] = await desk.delivered('issuing_transaction.updated');
    expect(updated?.data).toMatchObject({
      object: { id: transaction.id, dispute: dispute.id },
      previous_attributes: { dispute: null },
    });
  });

  it('shows its transaction, and the transaction its dispute, when expanded', async () => {
    const { disputes, transactions } = desk.stripe.issuing;
    const dispute = await desk.draft();
    const id = idOf(dispute.transaction);
    const whole = await disputes.retrieve(dispute.id, { expand: ['transaction.card'] });
    expect(whole.transaction).toMatchObject({ id, card: { id: desk.card.id } });
    const back = await transactions.retrieve(id, { expand: ['dispute'] });
    expect(back.dispute).toMatchObject({ id: dispute.id, status: 'unsubmitted' });
  });

  it('is about what was not refunded, at most', async () => {
    const { disputes } = desk.stripe.issuing;
    const transaction = await desk.capture(5_000);
    await desk.stripe.testHelpers.issuing.transactions.refund(transaction.id, {
      refund_amount: 2_000,
    });
    const tooMuch = disputes.create({ transaction: transaction.id, amount: 3_001 });
    expect(await refusal(tooMuch)).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(await disputes.create({ transaction: transaction.id })).toMatchObject({
      amount: 3_000,
      evidence: { reason: 'other' },
    });
    const less = await desk.capture(5_000);
    expect((await disputes.create({ transaction: less.id, amount: 1 })).amount).toBe(1);
  });

  it('is refused for refunds, refunded captures, and a second time', async () => {
    const { disputes } = desk.stripe.issuing;
    const { transactions } = desk.stripe.testHelpers.issuing;
    const refund = await transactions.createUnlinkedRefund({ card: desk.card.id, amount: 100 });
    const refunded = await desk.capture();
    await transactions.refund(refunded.id);
    const disputed = idOf((await desk.draft()).transaction);
    for (const transaction of [refund.id, refunded.id, disputed]) {
      expect(await refusal(disputes.create({ transaction }))).toMatchObject({
        statusCode: 400,
        param: 'transaction',
      });
    }
    expect(await refusal(disputes.create({ transaction: 'ipi_none' }))).toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
      param: 'transaction',
    });
    expect(await refusal(disputes.create({}))).toMatchObject({
      code: 'parameter_missing',
      param: 'transaction',
    });
    const treasury = disputes.create({ treasury: { received_debit: 'rd_1' } });
    expect((await refusal(treasury)).param).toBe('treasury[received_debit]');
    const refundOfDisputed = await transactions.refund(disputed);
    expect(refundOfDisputed).toMatchObject({ type: 'refund', dispute: null });
  });

  it('can be edited field by field, and keeps the evidence of other reasons', async () => {
    const { disputes } = desk.stripe.issuing;
    const dispute = await desk.draft();
    const changed = await disputes.update(dispute.id, {
      amount: 400,
      evidence: {
        reason: 'not_received',
        not_received: { product_description: 'A bicycle', product_type: 'merchandise' },
      },
    });
    expect(changed).toMatchObject({
      amount: 400,
      evidence: {
        reason: 'not_received',
        fraudulent: { explanation: 'It was not me.' },
        not_received: { expected_at: null, product_type: 'merchandise' },
      },
    });
    const [updated] = await desk.delivered('issuing_dispute.updated');
    expect(updated?.data).toEqual({
      object: changed,
      previous_attributes: {
        amount: 5_000,
        evidence: { reason: 'fraudulent', not_received: null },
      },
    });
    const merged = await disputes.update(dispute.id, {
      evidence: {
        fraudulent: '',
        not_received: { product_type: '', explanation: 'Nothing came.' },
      },
    });
    expect(merged.evidence).not.toHaveProperty('fraudulent');
    expect(merged.evidence.not_received).toMatchObject({
      explanation: 'Nothing came.',
      product_description: 'A bicycle',
      product_type: null,
    });
    const unknown = { evidence: { fraudulent: { cause: 'none' } } } as object;
    expect(await refusal(disputes.update(dispute.id, unknown))).toMatchObject({
      code: 'parameter_unknown',
      param: 'evidence[fraudulent][cause]',
    });
  });
});

describe('the outcome', () => {
  it('of a won dispute gives the money back', async () => {
    const dispute = await desk.submitted();
    const won = await desk.sim(dispute, 'win');
    expect(won).toMatchObject({ status: 'won' });
    expect(await desk.events(dispute)).toEqual([
      'created',
      'submitted',
      'closed',
      'funds_reinstated',
    ]);
    const [closed] = await desk.delivered('issuing_dispute.closed');
    const [reinstated] = await desk.delivered('issuing_dispute.funds_reinstated');
    expect(closed?.data).toEqual({ object: won });
    expect(reinstated?.data).toEqual({ object: won });
  });

  it('of a lost dispute has a reason', async () => {
    const dispute = await desk.submitted();
    const lost = await desk.sim(dispute, 'lose', { loss_reason: 'transaction_authorized' });
    expect(lost).toMatchObject({ status: 'lost', loss_reason: 'transaction_authorized' });
    expect(await desk.events(dispute)).toEqual(['created', 'submitted', 'closed']);
    const other = await desk.submitted();
    expect(await desk.sim(other, 'lose')).toMatchObject({ loss_reason: 'other' });
    await expect(
      desk.sim(await desk.submitted(), 'lose', { loss_reason: 'bad_luck' }),
    ).rejects.toThrow('400');
  });

  it('settles what was given back provisionally', async () => {
    const [won, lost] = [await desk.submitted(), await desk.submitted()];
    for (const dispute of [won, lost]) {
      await desk.sim(dispute, 'reinstate_funds');
      await expect(desk.sim(dispute, 'reinstate_funds')).rejects.toThrow('400');
    }
    await desk.sim(won, 'win');
    await desk.sim(lost, 'lose');
    expect(await desk.events(won)).toEqual(['created', 'submitted', 'funds_reinstated', 'closed']);
    expect(await desk.events(lost)).toEqual([
      'created',
      'submitted',
      'funds_reinstated',
      'closed',
      'funds_rescinded',
    ]);
    const wavering = await desk.submitted();
    await expect(desk.sim(wavering, 'rescind_funds')).rejects.toThrow('400');
    await desk.sim(wavering, 'reinstate_funds');
    await desk.sim(wavering, 'rescind_funds');
    await desk.sim(wavering, 'win');
    expect(await desk.events(wavering)).toEqual([
      'created',
      'submitted',
      'funds_reinstated',
      'funds_rescinded',
      'closed',
      'funds_reinstated',
    ]);
  });

  it('is final, and needs a submitted dispute', async () => {
    await expect(desk.sim(await desk.draft(), 'win')).rejects.toThrow(
      'You cannot win a dispute with status unsubmitted',
    );
    const dispute = await desk.submitted();
    await desk.sim(dispute, 'win');
    for (const step of ['win', 'lose', 'rescind_funds']) {
      await expect(desk.sim(dispute, step)).rejects.toThrow('400');
    }
    await expect(desk.sim({ id: 'idp_none' }, 'win')).rejects.toThrow('404');
  });
});

describe('the list of disputes', () => {
  it('filters by status, transaction and time', async () => {
    const { disputes } = desk.stripe.issuing;
    const since = await desk.now();
    await desk.advance(1);
    const [open, sent] = [await desk.draft(), await desk.submitted()];
    const ids = async (filter: Stripe.Issuing.DisputeListParams): Promise<string[]> =>
      (await disputes.list(filter)).data.map(({ id }) => id);
    expect(await ids({ created: { gt: since } })).toEqual([sent.id, open.id]);
    expect(await ids({ created: { gt: since }, status: 'submitted' })).toEqual([sent.id]);
    expect(await ids({ transaction: idOf(open.transaction) })).toEqual([open.id]);
    expect(await ids({ created: { gt: since, lte: since } })).toEqual([]);
    const missing = await refusal(disputes.retrieve('idp_none'));
    expect(missing).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    const wrong = disputes.list({ status: 'open' as 'won' });
    expect(await refusal(wrong)).toMatchObject({ statusCode: 400, param: 'status' });
  });
});
