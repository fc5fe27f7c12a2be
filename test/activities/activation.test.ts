/** Activating, reading and freezing a card at Stripe. On the real database and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CardId, parseStripeCardId, type StripeCardId } from '../../src/domain/ids.ts';
import { createProgram, type Program, SECRET_NAME } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

async function issued(): Promise<{ cardId: CardId; stripeCardId: StripeCardId; frozen: boolean }> {
  const cardId = await program.card();
  const fact = await program.activities.issueCard({ cardId, previousCardId: null });
  if (fact.kind !== 'card_created') throw new Error('not created');
  return { cardId, stripeCardId: fact.stripeCardId, frozen: false };
}

test('activation answers with the card as Stripe shows it afterwards', async () => {
  const card = await issued();
  expect(await program.activities.activateCard(card)).toMatchObject({
    kind: 'card_seen',
    source: 'fetched',
    status: 'active',
  });
});

test('a refused activation answers with its code', async () => {
  const card = await issued();
  const [row] = await program.sql<{ id: string }[]>`
    select stripe_cardholder_id as id from cardholders
    where cardholder_id = (select cardholder_id from cards where card_id = ${card.cardId})`;
  const path = `/issuing/cardholders/${row?.id}/requirements`;
  await program.control('POST', path, { disabled_reason: 'requirements.past_due' });
  expect(await program.activities.activateCard(card)).toMatchObject({ kind: 'activation_refused' });
  await program.control('POST', path, { disabled_reason: null });
  expect(await program.activities.activateCard(card)).toMatchObject({ kind: 'card_seen' });
});

test('a warning whose event was lost freezes the card when it is read or activated', async () => {
  for (const look of ['readCard', 'activateCard'] as const) {
    const card = await issued();
    const type = 'card_testing_exposure';
    const path = `/issuing/cards/${card.stripeCardId}/fraud_warning`;
    await program.control('POST', path, { type });
    await program.activities[look](card);
    await program.activities[look](card);
    const [row] = await program.sql`
      select freezes, (select jsonb_agg(kind) from attention_items a where a.subject = cards.card_id) as items,
             (select jsonb_agg(body -> 'by') from facts where facts.card_id = cards.card_id) as facts
        from cards where card_id = ${card.cardId}`;
    expect(row).toEqual({ freezes: { fraud: type }, items: ['fraud_warning'], facts: [['fraud']] });
  }
});

test('a warning that was dismissed is no news of the renewal', async () => {
  const card = await issued();
  const path = `/issuing/cards/${card.stripeCardId}/fraud_warning`;
  await program.control('POST', path, { type: 'card_testing_exposure' });
  await program.activities.readCard(card);
  await program.sql`update cards set freezes = '{}' where card_id = ${card.cardId}`;
  const renewal = await program.card({
    holderOf: card.cardId,
    replaces: { cardId: card.cardId, reason: 'expired' },
  });
  const made = await program.activities.issueCard({ cardId: renewal, previousCardId: null });
  if (made.kind !== 'card_created') throw new Error('not created');
  const rows = await program.sql`
    select count(distinct fraud_warned_at)::int as n, count(fraud_warned_at)::int as warned from stripe_cards
     where stripe_card_id in (${card.stripeCardId}, ${made.stripeCardId})`;
  expect(rows).toEqual([{ n: 1, warned: 2 }]);
});

test('a freeze and its end are mirrored, and a repeat changes nothing', async () => {
  const card = await issued();
  await program.activities.activateCard(card);
  const freeze = { kind: 'freeze_mirrored', frozen: true };
  expect(await program.activities.mirrorFreeze({ ...card, frozen: true })).toEqual(freeze);
  expect(await program.activities.mirrorFreeze({ ...card, frozen: true })).toEqual(freeze);
  expect(await program.activities.readCard(card)).toMatchObject({ status: 'inactive' });
  await program.activities.mirrorFreeze(card);
  expect(await program.activities.readCard(card)).toMatchObject({ status: 'active' });
});

test('a card that Stripe cancelled meanwhile is reported instead of frozen', async () => {
  const card = await issued();
  await program.control('POST', `/issuing/cards/${card.stripeCardId}/cancel`, {});
  expect(await program.activities.mirrorFreeze({ ...card, frozen: true })).toMatchObject({
    kind: 'card_seen',
    status: 'canceled',
  });
  expect(await program.activities.activateCard(card)).toMatchObject({ status: 'canceled' });
});

describe('a status that Stripe does not take', () => {
  const refuse = (stripeCardId: StripeCardId, code: string) =>
    program.proxy.disturb({
      on: `POST /v1/issuing/cards/${stripeCardId}`,
      done: false,
      status: 400,
      error: {
        type: 'invalid_request_error',
        code,
        message: SECRET_NAME,
        param: 'status',
      },
    });

  test('is told with its code, and taken once Stripe takes it', async () => {
    const card = await issued();
    await program.activities.activateCard(card);
    await program.activities.mirrorFreeze({ ...card, frozen: true });
    refuse(card.stripeCardId, 'account_invalid');
    expect(await program.activities.mirrorFreeze(card)).toEqual({
      kind: 'freeze_refused',
      frozen: false,
      code: 'account_invalid',
    });
    expect(await program.activities.mirrorFreeze(card)).toMatchObject({ kind: 'freeze_mirrored' });
  });

  test('is told without what may be personal', async () => {
    const card = await issued();
    await program.activities.activateCard(card);
    refuse(card.stripeCardId, SECRET_NAME);
    expect(await program.activities.mirrorFreeze({ ...card, frozen: true })).toEqual({
      kind: 'freeze_refused',
      frozen: true,
      code: 'invalid_request_error',
    });
  });

  test('fails to be repeated when the refusal passes by itself', async () => {
    const card = await issued();
    const calls = [
      () => program.activities.activateCard(card),
      () => program.activities.mirrorFreeze(card),
    ];
    for (const call of calls) {
      refuse(card.stripeCardId, 'lock_timeout');
      await expect(call()).rejects.toMatchObject({ type: 'REFUSED_FOR_NOW' });
      // The next freeze or activation is to be one that Stripe has not done yet.
      expect(await program.activities.readCard(card)).toMatchObject({ status: 'inactive' });
    }
  });

  test('is no refusal when the card has it already', async () => {
    const card = await issued();
    await program.activities.activateCard(card);
    refuse(card.stripeCardId, 'account_invalid');
    expect(await program.activities.mirrorFreeze(card)).toEqual({
      kind: 'freeze_mirrored',
      frozen: false,
    });
  });
});

test('a card that Stripe does not know is told, not looked for without end', async () => {
  const { cardId } = await issued();
  const unknown = { cardId, stripeCardId: parseStripeCardId('ic_of_another_account') };
  const told = { kind: 'card_unknown_at_stripe', stripeCardId: unknown.stripeCardId };
  expect(await program.activities.readCard({ ...unknown, frozen: false })).toEqual(told);
  expect(await program.activities.mirrorFreeze({ ...unknown, frozen: true })).toEqual(told);
});
