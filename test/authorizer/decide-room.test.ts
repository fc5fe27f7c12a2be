/** What gives the room of a limit back: releases, reversals and smaller captures, as the relay applies them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { deliver } from '../relay/relay-inbox.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, daily, reasonsOf, setLimits } from '../support/limited-cards.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-room' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const LATER = { atS: START_S + 60 };

/** A purchase of 1,000 that takes all the room of two limits: an amount and a count. */
async function boughtAll(): Promise<{ readonly card: CardProgram; readonly id: string }> {
  const card = await createCardProgram(sql, { fundsMinor: 100_000 });
  await setLimits(sql, card, 'card', [daily(1_000, { count: 1 })]);
  const [bought] = await ask(sql, { card, amount: 1_000, requestedS: START_S });
  expect(bought?.reason).toBe('APPROVED');
  expect(await room(card)).toBe('1000 in 1');
  return { card, id: bought?.authorizationId ?? '' };
}
/** What counts today. */
async function room({ accountId }: CardProgram): Promise<string | undefined> {
  const [row] = await sql<{ text: string }[]>`
    select amount_minor || ' in ' || purchases as text from spending where owner_id = ${accountId}`;
  return row?.text;
}
const reasons = (card: CardProgram, ...amounts: readonly number[]) =>
  reasonsOf(sql, ...amounts.map((amount) => ({ card, amount })));

describe('room comes back', () => {
  it('when Stripe shows that our approval did not come through', async () => {
    const { card, id } = await boughtAll();
    const declined = authorization({
      id,
      card: card.stripeCardId,
      amount: 0,
      approved: false,
      history: [{ amount: 1_000, approved: false }],
    });
    await deliver(sql, card, event('issuing_authorization.created', declined));
    expect(await room(card)).toBe('0 in 0');
    expect(await reasons(card, 1_001, 1_000)).toEqual(['DAILY_LIMIT_EXCEEDED', 'APPROVED']);
  });

  it('when the merchant reverses a part of it, and a purchase when it reverses the rest', async () => {
    const { card, id } = await boughtAll();
    const shown = (amount: number, status: string) =>
      authorization({
        id,
        card: card.stripeCardId,
        amount,
        status,
        history: [{ amount: 1_000, approved: true }],
      });
    await deliver(sql, card, event('issuing_authorization.created', shown(1_000, 'pending')));
    expect(await room(card)).toBe('1000 in 1');
    const previous = { amount: 1_000 };
    await deliver(
      sql,
      card,
      event('issuing_authorization.updated', shown(400, 'pending'), { ...LATER, previous }),
    );
    expect(await room(card)).toBe('400 in 1');
    // The count is still used up, and the amount is not.
    expect(await reasons(card, 1)).toEqual(['DAILY_LIMIT_EXCEEDED']);
    await setLimits(sql, card, 'card', [daily(1_000, { count: 2 })]);
    expect(await reasons(card, 601, 600)).toEqual(['DAILY_LIMIT_EXCEEDED', 'APPROVED']);
    await deliver(
      sql,
      card,
      event('issuing_authorization.updated', shown(0, 'reversed'), {
        atS: START_S + 120,
        previous: { amount: 400, status: 'pending' },
      }),
    );
    expect(await room(card)).toBe('600 in 1');
    expect(await reasons(card, 401, 400)).toEqual(['DAILY_LIMIT_EXCEEDED', 'APPROVED']);
  });

  it('when less is captured than was held', async () => {
    const { card, id } = await boughtAll();
    const captured = transaction({
      id: `ipi_${id}`,
      card: card.stripeCardId,
      amount: -700,
      authorization: id,
    });
    const shown = (status: string) =>
      authorization({
        id,
        card: card.stripeCardId,
        amount: status === 'closed' ? 0 : 1_000,
        status,
        history: [{ amount: 1_000, approved: true }],
        transactions: status === 'closed' ? [captured] : [],
      });
    await deliver(sql, card, event('issuing_authorization.created', shown('pending')));
    expect(await room(card)).toBe('1000 in 1');
    await deliver(
      sql,
      card,
      event('issuing_authorization.updated', shown('closed'), {
        ...LATER,
        previous: { amount: 1_000, status: 'pending', transactions: [] },
      }),
    );
    expect(await room(card)).toBe('700 in 1');
    await setLimits(sql, card, 'card', [daily(1_000)]);
    expect(await reasons(card, 301, 300)).toEqual(['DAILY_LIMIT_EXCEEDED', 'APPROVED']);
  });

  it('when nothing was ever captured', async () => {
    const { card, id } = await boughtAll();
    const expired = authorization({
      id,
      card: card.stripeCardId,
      amount: 0,
      status: 'expired',
      history: [{ amount: 1_000, approved: true }],
    });
    await deliver(sql, card, event('issuing_authorization.updated', expired, LATER));
    expect(await room(card)).toBe('0 in 0');
    expect(await reasons(card, 1_000)).toEqual(['APPROVED']);
  });
});

describe('room', () => {
  it('does not come back with a refund: the purchase was made', async () => {
    const { card, id } = await boughtAll();
    const { stripeCardId } = card;
    const captured = { id: `ipi_${id}`, card: stripeCardId, amount: -1_000, authorization: id };
    const refunded = { ...captured, id: `ipi_${id}b`, amount: 1_000 };
    await deliver(
      sql,
      card,
      event(
        'issuing_authorization.updated',
        authorization({
          id,
          card: stripeCardId,
          amount: 0,
          status: 'closed',
          history: [{ amount: 1_000, approved: true }],
          transactions: [transaction(captured)],
        }),
      ),
      event('issuing_transaction.created', transaction(refunded)),
    );
    expect(await room(card)).toBe('1000 in 1');
    expect(await reasons(card, 1)).toEqual(['DAILY_LIMIT_EXCEEDED']);
  });

  it('is taken by a purchase that was approved without us', async () => {
    const card = await createCardProgram(sql, { fundsMinor: 100_000 });
    await setLimits(sql, card, 'card', [{ interval: 'all_time', amountMinor: 1_000 }]);
    const adopted = authorization({
      id: `iauth_${card.cardId}`,
      card: card.stripeCardId,
      amount: 900,
    });
    await deliver(sql, card, event('issuing_authorization.created', adopted));
    expect(await room(card)).toBe('900 in 1');
    expect(await reasons(card, 101, 100)).toEqual(['ALL_TIME_LIMIT_EXCEEDED', 'APPROVED']);
  });
});
