/** The successor of a card that is about to expire, and what a replacement means for the card it takes the place of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { transition } from '../../src/domain/card-state.ts';
import type { CardId } from '../../src/domain/ids.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

/** A card with a verified holder, made at Stripe, whose row stands in the phase. */
async function issued(phase = 'active'): Promise<CardId> {
  const cardId = await program.card();
  await program.sql`
    update cardholders set kyc_status = 'verified', kyc_verified_at = now()
     where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
  await program.activities.issueCard({ cardId, previousCardId: null });
  await program.sql`update cards set phase = ${phase} where card_id = ${cardId}`;
  return cardId;
}

const renew = (cardId: CardId) => program.activities.renewCard({ cardId });

async function successorOf(cardId: CardId): Promise<CardId> {
  const fact = await renew(cardId);
  if (fact.kind !== 'replacement_requested') throw new Error(`it was ${fact.kind}`);
  return fact.replacementId;
}

const factsOf = async (cardId: CardId) =>
  (
    await program.sql<{ body: unknown }[]>`
      select body from facts where card_id = ${cardId} order by fact_id`
  ).map(({ body }) => body);

describe('a renewal', () => {
  test('writes the row of the successor once, however often it is asked for', async () => {
    const cardId = await issued();
    const [first, ...others] = await Promise.all([renew(cardId), renew(cardId), renew(cardId)]);
    expect(first).toMatchObject({ kind: 'replacement_requested', reason: 'expired' });
    for (const other of [...others, await renew(cardId)]) expect(other).toEqual(first);
    const rows = await program.sql`
      select phase, replacement_reason, workflow_started_at from cards where replacement_for = ${cardId}`;
    expect(rows).toEqual([
      { phase: 'issuance', replacement_reason: 'expired', workflow_started_at: null },
    ]);
    // The answer is the fact; the old card lives on until the new one is active.
    expect(await factsOf(cardId)).toEqual([]);
  });

  test('answers what the card was replaced for meanwhile', async () => {
    const cardId = await issued();
    const replacementId = await successorOf(cardId);
    await program.sql`update cards set phase = 'closed' where card_id = ${cardId}`;
    expect(await renew(cardId)).toEqual({
      kind: 'replacement_requested',
      reason: 'expired',
      replacementId,
    });
  });

  test('is skipped for a card that is cancelled, that wants none, or has nothing to spend', async () => {
    const canceled = await issued();
    await program.sql`update cards set cancel_requested_at = now(), cancel_reason = 'requested' where card_id = ${canceled}`;
    expect(await renew(canceled)).toEqual({ kind: 'renewal_skipped', reason: 'already_canceled' });
    const shut = await issued();
    await program.sql`update accounts set status = 'closed'
      where account_id = (select account_id from cards where card_id = ${shut})`;
    expect(await renew(shut)).toEqual({ kind: 'renewal_skipped', reason: 'account_closed' });
    const early = await issued('issuance');
    expect(await renew(early)).toEqual({ kind: 'renewal_skipped', reason: 'wrong_phase' });
    const rows = await program.sql`
      select 1 from cards where replacement_for in (${canceled}, ${shut}, ${early})`;
    expect(rows).toEqual([]);
  });

  test('is skipped where it was agreed that there is none', async () => {
    const other = await issued();
    const [row] = await program.sql<{ card_id: CardId }[]>`
      insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id, options)
      select tenant_id, card_id || 'x', cardholder_id, account_id, type, currency, 'active', 'ic_none',
             '{"renewal":"none"}' from cards where card_id = ${other}
      returning card_id`;
    if (row === undefined) throw new Error('the card is there');
    expect(await renew(row.card_id)).toEqual({ kind: 'renewal_skipped', reason: 'renewal_none' });
  });
});

describe('a successor', () => {
  test('begins with its issuance, and tells the old card once it is active', async () => {
    const cardId = await issued();
    const replacementId = await successorOf(cardId);
    const { state, revision } = await program.activities.loadCard(replacementId);
    expect(state).toMatchObject({ phase: 'issuance', step: 'create', attempt: 1 });
    const made = await program.activities.issueCard({
      cardId: replacementId,
      previousCardId: null,
    });
    const created = transition(state, made, 1_000);
    if (created.kind !== 'moved' || made.kind !== 'card_created') throw new Error('not created');
    const seen = { kind: 'card_seen', source: 'fetched', cancellationReason: null } as const;
    const active = transition(
      created.state,
      { ...seen, stripeCardId: made.stripeCardId, status: 'active', shippingStatus: null },
      2_000,
    );
    if (active.kind !== 'moved') throw new Error('not active');
    const save = { cardId: replacementId, writer: 'run', closedFactIds: [], timeline: [] };
    await program.activities.saveCard({ ...save, revision: revision + 1, state: created.state });
    expect(await factsOf(cardId)).toEqual([]);
    await program.activities.saveCard({ ...save, revision: revision + 2, state: active.state });
    expect(await factsOf(cardId)).toEqual([{ kind: 'replaced', replacementId }]);
    // Active once more, after a restore of an older state: the old card has heard of it.
    await program.activities.saveCard({ ...save, revision: revision + 3, state: created.state });
    await program.activities.saveCard({ ...save, revision: revision + 4, state: active.state });
    expect(await factsOf(cardId)).toHaveLength(1);
  });

  test('that ends before it serves makes room for another, and the old card hears of it', async () => {
    const cardId = await issued();
    const first = await successorOf(cardId);
    const { state, revision } = await program.activities.loadCard(first);
    const refused = transition(state, { kind: 'issuance_refused', code: 'rejected.listed' }, 1_000);
    if (refused.kind !== 'moved') throw new Error('not refused');
    const save = { cardId: first, writer: 'run', closedFactIds: [], timeline: [] };
    await program.activities.saveCard({ ...save, revision: revision + 1, state: refused.state });
    expect(await factsOf(cardId)).toEqual([{ kind: 'replacement_failed', replacementId: first }]);
    const second = await successorOf(cardId);
    expect(second).not.toBe(first);
    expect(await successorOf(cardId)).toBe(second);
  });

  test('of a successor that never served ends all cards before it', async () => {
    const cardId = await issued();
    const between = await successorOf(cardId);
    await program.activities.issueCard({ cardId: between, previousCardId: null });
    await program.sql`update cards set phase = 'activation' where card_id = ${between}`;
    const last = await successorOf(between);
    const { state, revision } = await program.activities.loadCard(last);
    const made = await program.activities.issueCard({ cardId: last, previousCardId: null });
    const created = transition(state, made, 1_000);
    if (created.kind !== 'moved' || made.kind !== 'card_created') throw new Error('not created');
    const active = transition(
      created.state,
      {
        kind: 'card_seen',
        source: 'fetched',
        stripeCardId: made.stripeCardId,
        status: 'active',
        cancellationReason: null,
        shippingStatus: null,
      },
      2_000,
    );
    if (active.kind !== 'moved') throw new Error('not active');
    const save = { cardId: last, writer: 'run', closedFactIds: [], timeline: [] };
    await program.activities.saveCard({ ...save, revision: revision + 1, state: active.state });
    const told = { kind: 'replaced', replacementId: last };
    expect(await factsOf(cardId)).toContainEqual(told);
    expect(await factsOf(between)).toContainEqual(told);
  });

  test('begins with KYC when its holder is not verified any more', async () => {
    const cardId = await issued();
    const replacementId = await successorOf(cardId);
    await program.sql`
      update cardholders set kyc_status = 'failed', kyc_verified_at = null
       where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
    const { state } = await program.activities.loadCard(replacementId);
    expect(state).toMatchObject({ phase: 'kyc', step: 'start' });
  });
});

describe('a dispute', () => {
  test('whose decision was told by an event that was lost is asked for', async () => {
    const cardId = await issued('winding_down');
    const stripe = createStripe({ secretKey: 'sk_test_disputes', apiBase: program.proxy.url });
    const [stripeCardId] = await program.ports.cards.stripeCards(cardId);
    if (stripeCardId === undefined) throw new Error('it was issued');
    await program.activities.activateCard({ cardId, stripeCardId, frozen: false });
    const captured = await stripe.testHelpers.issuing.transactions.createForceCapture({
      card: stripeCardId,
      amount: 100,
    });
    const { id } = await stripe.issuing.disputes.create({
      transaction: captured.id,
      evidence: { reason: 'fraudulent', fraudulent: { explanation: 'It was not me.' } },
    });
    await stripe.issuing.disputes.submit(id);
    await program.sql`
      insert into transactions (tenant_id, transaction_id, type, account_id, card_id, stripe_card_id, currency, amount_minor)
      select tenant_id, ${captured.id}, 'capture', account_id, card_id, stripe_card_id, currency, 100
        from cards where card_id = ${cardId}`;
    await program.sql`
      insert into disputes (tenant_id, dispute_id, transaction_id, status, event_created)
      select tenant_id, ${id}, transaction_id, 'submitted', 1 from transactions where transaction_id = ${captured.id}`;
    const settled = () => program.activities.checkSettled({ cardId });
    expect(await settled()).toEqual({ kind: 'unsettled' });
    expect(await factsOf(cardId)).toEqual([]);
    await program.control('POST', `/issuing/disputes/${id}/win`, {});
    // Stripe may be away just now, or keep it from our key.
    const error = { type: 'invalid_request_error', message: 'no such right' };
    const on = 'GET /v1/issuing/disputes';
    program.proxy.disturb({ on, done: false, status: 403, error });
    expect(await settled()).toEqual({ kind: 'unsettled' });
    expect(await factsOf(cardId)).toEqual([]);
    expect(await settled()).toEqual({ kind: 'unsettled' });
    expect(await factsOf(cardId)).toEqual([{ kind: 'money_seen', cause: 'dispute' }]);
    expect(await settled()).toEqual({ kind: 'windows_passed' });
  });

  test('keeps a card from being settled until it is decided', async () => {
    const cardId = await issued('winding_down');
    await program.sql`
      insert into transactions (tenant_id, transaction_id, type, account_id, card_id, stripe_card_id, currency, amount_minor)
      select tenant_id, 'ipi_disputed', 'capture', account_id, card_id, stripe_card_id, currency, 100
        from cards where card_id = ${cardId}`;
    const settled = () => program.activities.checkSettled({ cardId });
    expect(await settled()).toEqual({ kind: 'windows_passed' });
    await program.sql`
      insert into disputes (tenant_id, dispute_id, transaction_id, status, event_created)
      select tenant_id, 'idp_1', transaction_id, 'unsubmitted', 1 from transactions where transaction_id = 'ipi_disputed'`;
    for (const [status, kind] of [
      ['unsubmitted', 'unsettled'],
      ['submitted', 'unsettled'],
      ['won', 'windows_passed'],
    ] as const) {
      await program.sql`update disputes set status = ${status} where dispute_id = 'idp_1'`;
      expect(await settled()).toEqual({ kind });
    }
  });
});
