import { join } from 'node:path';
import type Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { DAY, type Desk, type Evidence, FRAUD, idOf, openDesk } from './dispute-desk.ts';
import { refusal, startProgram } from './program.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterEach(() => desk.clear());
afterAll(() => desk.close());

describe('submitting', () => {
  it('sends the dispute to the network; from then on only metadata can change', async () => {
    const { disputes } = desk.stripe.issuing;
    const dispute = await desk.draft();
    const sent = await disputes.submit(dispute.id, { metadata: { by: 'agent' } });
    expect(sent).toMatchObject({ status: 'submitted', metadata: { by: 'agent' } });
    const [event] = await desk.delivered('issuing_dispute.submitted');
    expect(event?.data).toEqual({ object: sent });
    const noted = await disputes.update(dispute.id, { metadata: { note: 'x' } });
    expect(noted.metadata).toEqual({ by: 'agent', note: 'x' });
    expect(await desk.events(dispute)).toEqual(['created', 'submitted', 'updated']);
    expect(await refusal(disputes.update(dispute.id, { amount: 1 }))).toMatchObject({
      statusCode: 400,
      param: 'amount',
    });
    expect(await refusal(disputes.update(dispute.id, { evidence: FRAUD }))).toMatchObject({
      statusCode: 400,
      param: 'evidence',
    });
    const again = await refusal(disputes.submit(dispute.id));
    expect(again.message).toBe('You cannot submit a dispute with status submitted.');
  });

  it('names the evidence that is missing, and leaves the draft as it was', async () => {
    const { disputes } = desk.stripe.issuing;
    const dispute = await desk.draft({ reason: 'fraudulent' });
    const missing = async (evidence: Evidence): Promise<string | undefined> => {
      await disputes.update(dispute.id, { evidence });
      const error = await refusal(disputes.submit(dispute.id));
      expect(error).toMatchObject({ statusCode: 400, code: 'parameter_missing' });
      return error.param;
    };
    const explanation = 'See above.';
    const product = { product_description: 'A bicycle', product_type: 'merchandise' } as const;
    expect(await missing({ reason: 'fraudulent' })).toBe('evidence[fraudulent][explanation]');
    expect(
      await missing({ reason: 'not_received', not_received: { explanation, ...product } }),
    ).toBe('evidence[not_received][expected_at]');
    expect(await missing({ reason: 'other', other: { explanation } })).toBe(
      'evidence[other][product_description]',
    );
    expect(await missing({ reason: 'duplicate', duplicate: { explanation } })).toBe(
      'evidence[duplicate][original_transaction]',
    );
    const canceled = {
      ...product,
      explanation,
      canceled_at: await desk.now(),
      cancellation_policy_provided: false,
      cancellation_reason: 'Too late.',
      expected_at: await desk.now(),
    };
    expect(await missing({ reason: 'canceled', canceled })).toBe(
      'evidence[canceled][return_status]',
    );
    expect(await disputes.retrieve(dispute.id)).toMatchObject({ status: 'unsubmitted' });
    expect(await desk.events(dispute)).not.toContain('submitted');
    // A service cannot be sent back, so nothing is missing any more.
    const service = { canceled: { product_type: 'service' } } as const;
    await disputes.update(dispute.id, { evidence: service });
    expect((await disputes.submit(dispute.id)).status).toBe('submitted');
  });

  it('takes only an existing other transaction as the original of a duplicate', async () => {
    const { disputes } = desk.stripe.issuing;
    const dispute = await desk.draft({
      reason: 'duplicate',
      duplicate: { explanation: 'Charged twice.' },
    });
    const name = async (original: string) =>
      disputes.update(dispute.id, { evidence: { duplicate: { original_transaction: original } } });
    for (const original of ['ipi_none', idOf(dispute.transaction)]) {
      await name(original);
      expect(await refusal(disputes.submit(dispute.id))).toMatchObject({
        code: 'resource_missing',
        param: 'evidence[duplicate][original_transaction]',
      });
    }
    await name((await desk.capture()).id);
    expect((await disputes.submit(dispute.id)).status).toBe('submitted');
  });

  it('is refused when refunds have left less than the amount', async () => {
    const dispute = await desk.draft();
    await desk.stripe.testHelpers.issuing.transactions.refund(idOf(dispute.transaction), {
      refund_amount: 1,
    });
    const error = await refusal(desk.stripe.issuing.disputes.submit(dispute.id));
    expect(error).toMatchObject({ statusCode: 400, param: 'amount' });
  });

  it('of a fraud dispute leaves a warning on the card', async () => {
    const own = await desk.newCard();
    const transaction = await desk.capture(100, own);
    const { disputes, cards } = desk.stripe.issuing;
    const { id } = await disputes.create({ transaction: transaction.id, evidence: FRAUD });
    expect((await cards.retrieve(own.id)).latest_fraud_warning).toBeNull();
    await disputes.submit(id);
    const [event] = await desk.delivered('issuing_card.updated');
    expect(event?.data).toMatchObject({
      object: {
        id: own.id,
        latest_fraud_warning: { started_at: await desk.now(), type: 'fraud_dispute_filed' },
      },
      previous_attributes: { latest_fraud_warning: null },
    });
    await desk.control('POST', `/_sim/issuing/cards/${own.id}/fraud_warning`, {
      type: 'card_testing_exposure',
    });
    expect((await cards.retrieve(own.id)).latest_fraud_warning?.type).toBe('card_testing_exposure');
  });

  it('rejects the 36th fraud dispute of a card within 120 days', async () => {
    const own = await desk.newCard();
    const file = async (evidence: Evidence): Promise<Stripe.Issuing.Dispute> => {
      const { disputes } = desk.stripe.issuing;
      const transaction = await desk.capture(100, own);
      return disputes.submit((await disputes.create({ transaction: transaction.id, evidence })).id);
    };
    const first = await Promise.all(Array.from({ length: 35 }, () => file(FRAUD)));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set(['submitted']));
    const rejected = await file(FRAUD);
    expect(rejected).toMatchObject({ status: 'lost', loss_reason: 'excess_disputes_in_timeframe' });
    expect(await desk.events(rejected)).toEqual(['created', 'submitted', 'closed']);
    const other = { no_valid_authorization: { explanation: 'Never asked.' } };
    expect((await file({ reason: 'no_valid_authorization', ...other })).status).toBe('submitted');
    await desk.advance(120);
    expect((await file(FRAUD)).status).toBe('submitted');
  });
});

describe('the clock', () => {
  it('expires a draft 110 days after the capture', async () => {
    const { disputes } = desk.stripe.issuing;
    const transaction = await desk.capture();
    await desk.advance(10);
    const dispute = await disputes.create({ transaction: transaction.id, evidence: FRAUD });
    await desk.advance(99);
    expect((await disputes.retrieve(dispute.id)).status).toBe('unsubmitted');
    await desk.settle();
    await desk.advance(1);
    const expired = await disputes.retrieve(dispute.id);
    expect(expired.status).toBe('expired');
    const [closed] = await desk.delivered('issuing_dispute.closed');
    expect(closed).toMatchObject({
      created: transaction.created + 110 * DAY,
      data: { object: expired },
      request: { id: null },
    });
    const late = await refusal(disputes.submit(dispute.id));
    expect(late.message).toBe('You cannot submit a dispute with status expired.');
    const again = disputes.create({ transaction: transaction.id, evidence: FRAUD });
    expect((await refusal(again)).param).toBe('transaction');
    const never = await desk.capture();
    await desk.advance(110);
    const tooOld = await refusal(disputes.create({ transaction: never.id, evidence: FRAUD }));
    expect(tooOld).toMatchObject({ statusCode: 400, param: 'transaction' });
  });

  it('ends the time for authorization disputes after 65 days', async () => {
    const { disputes } = desk.stripe.issuing;
    const evidence: Evidence = {
      reason: 'no_valid_authorization',
      no_valid_authorization: { explanation: 'Never asked.' },
    };
    const [early, late] = [await desk.draft(evidence), await desk.draft(evidence)];
    await desk.advance(65);
    expect((await disputes.submit(early.id)).status).toBe('submitted');
    await desk.advance(1);
    const error = await refusal(disputes.submit(late.id));
    expect(error).toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError' });
    expect(error.message).toContain('no_valid_authorization was over at');
    expect((await disputes.retrieve(late.id)).status).toBe('unsubmitted');
    // Another reason has more time.
    await disputes.update(late.id, { evidence: FRAUD });
    expect((await disputes.submit(late.id)).status).toBe('submitted');
  });

  it('counts the days of a late delivery from the day on which it was expected', async () => {
    const { disputes } = desk.stripe.issuing;
    const evidence: Evidence = {
      reason: 'not_received',
      not_received: {
        expected_at: (await desk.now()) + 60 * DAY,
        explanation: 'Nothing came.',
        product_description: 'A bicycle',
        product_type: 'merchandise',
      },
    };
    const [early, late] = [await desk.draft(evidence), await desk.draft(evidence)];
    await desk.advance(169);
    expect((await disputes.submit(early.id)).status).toBe('submitted');
    await desk.advance(1);
    expect((await disputes.retrieve(late.id)).status).toBe('expired');
  });

  it('lets an edit put the end of a draft off', async () => {
    const { disputes } = desk.stripe.issuing;
    const dispute = await desk.draft();
    const expected = (await desk.now()) + 30 * DAY;
    await disputes.update(dispute.id, {
      evidence: { reason: 'not_received', not_received: { expected_at: expected } },
    });
    await desk.advance(111);
    expect((await disputes.retrieve(dispute.id)).status).toBe('unsubmitted');
    await desk.advance(29);
    expect((await disputes.retrieve(dispute.id)).status).toBe('expired');
  });

  it('goes on over a restart', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const first = await openDesk({ stateFile });
    const dispute = await first.draft();
    const token = await first.control('POST', '/_sim/issuing/tokens', {
      card: first.card.id,
      wallet_provider: 'apple_pay',
    });
    await first.close();
    const second = await startProgram({ stateFile, clock: 'virtual' });
    try {
      const { disputes, tokens } = second.stripe.issuing;
      expect(await disputes.retrieve(dispute.id)).toEqual(dispute);
      expect(await tokens.retrieve(String(token['id']))).toEqual(token);
      await second.control('POST', '/_sim/clock/advance', { seconds: 110 * DAY });
      expect((await disputes.retrieve(dispute.id)).status).toBe('expired');
    } finally {
      await second.close();
    }
  });
});
