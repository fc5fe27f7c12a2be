/** Amounts of events about money: which are read, and which no rule may guess at, so that a person looks. */
import { describe, expect, it } from 'vitest';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { authorization, event, transaction } from '../support/stripe-events.ts';

const CARD = 'ic_1';
const read = (type: string, object: Readonly<Record<string, unknown>>) =>
  interpretEvent(type, event(type, object));
const record = (over: object, amount = -100) =>
  read('issuing_transaction.created', {
    ...transaction({ id: 'ipi_1', card: CARD, amount }),
    ...over,
  });
const view = (over: object) =>
  read('issuing_authorization.updated', {
    ...authorization({ id: 'iauth_1', card: CARD }),
    ...over,
  });

describe('a clearing record', () => {
  it.each([
    ['capture', -100],
    ['capture', 0],
    ['refund', 100],
    ['refund', 0],
  ])('is read when its sign is that of its type: %s of %d', (type, amount) => {
    expect(record({ type, amount })).toMatchObject({
      transaction: { type, amountMinor: Math.abs(amount) },
    });
  });

  it.each([
    ['capture', 100, 'the amount of a capture is 100'],
    ['refund', -100, 'the amount of a refund is -100'],
    ['capture', -1.5, 'amount'],
    ['capture', -(2 ** 53), 'amount'],
    ['capture', '-100', 'amount'],
    ['payout', 100, 'type'],
  ])('is not read otherwise: %s of %s', (type, amount, reason) => {
    expect(() => record({ type, amount })).toThrow(reason);
    const listed = { ...transaction({ id: 'ipi_1', card: CARD, amount: -100 }), type, amount };
    expect(() => view({ transactions: [listed] })).toThrow(reason);
  });
});

describe('a view of an authorization', () => {
  const entry = { amount: 1_000, approved: true, created: 1_800_000_000, reason: '' };

  it.each([
    ['amount is -1, below zero', { amount: -1 }],
    ['amount is -2, below zero', { request_history: [{ ...entry, amount: -2 }] }],
    ['amount', { amount: 0.5 }],
  ])('is not read with an amount below zero, or no whole one: %s', (reason, over) => {
    expect(() => view(over)).toThrow(reason);
    expect(view({ request_history: [entry] })).toMatchObject({ kind: 'authorization' });
  });

  it('has as its captures what is its own: in its currency, and naming it or nothing', () => {
    const capture = (id: string, over: object) => ({
      ...transaction({ id, card: CARD, amount: -100 }),
      ...over,
    });
    const transactions = [
      capture('ipi_named', { authorization: 'iauth_1' }),
      capture('ipi_unnamed', {}),
      capture('ipi_other', { authorization: 'iauth_2' }),
      capture('ipi_euro', { currency: 'eur' }),
      transaction({ id: 'ipi_refund', card: CARD, amount: 50 }),
      'ipi_by_id',
    ];
    expect(view({ transactions })).toMatchObject({
      snapshot: {
        captures: [
          { transactionId: 'ipi_named', amountMinor: 100 },
          { transactionId: 'ipi_unnamed', amountMinor: 100 },
          { transactionId: 'ipi_by_id', amountMinor: null },
        ],
      },
    });
  });
});
