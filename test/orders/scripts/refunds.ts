/** How money comes back. */
import { editTransactions, isTransaction } from '../edit.ts';
import type { Script } from '../script.ts';

export const REFUNDS: readonly Script[] = [
  {
    name: 'refunded in part',
    covers: ['Stripe: linked refund', 'Ledger: refund'],
    options: ['captureEvents', 'closedAmount'],
    act: async ({ buy, capture, refund }) => refund(await capture(await buy()), 400),
    leaves: { held: 0, cleared: 600 },
  },
  {
    name: 'refunded wholly, in two parts',
    covers: ['Stripe: linked refund', 'Ledger: refund'],
    act: async ({ buy, capture, refund }) => {
      const paid = await capture(await buy());
      await refund(paid, 400);
      await refund(paid);
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'refunded while more captures come',
    covers: ['Stripe: linked refund', 'Stripe: partial capture, more to come'],
    options: ['capturedAmount', 'captureEvents'],
    act: async ({ buy, capturePart, refund }) => {
      const id = await buy();
      const paid = await capturePart(id, 300);
      await refund(paid, 200);
      await capturePart(id, 400);
    },
    leaves: { held: 300, cleared: 500 },
  },
  {
    name: 'refunded without any purchase',
    covers: ['Stripe: unlinked refund', 'Practice: a refund belongs to no authorization'],
    act: ({ creditUnlinked }) => creditUnlinked(300),
    leaves: { held: 0, cleared: -300, items: ['unlinked_refund'] },
  },
  {
    name: 'refunded without naming the authorization, which lists it later',
    covers: ['Practice: a refund belongs to no authorization', 'Stripe: linked refund'],
    // The record's own event does not know its authorization; the authorization knows the record.
    edit: (event) =>
      isTransaction(event)
        ? editTransactions(event, (transaction) => ({ ...transaction, authorization: null }))
        : event,
    act: async ({ buy, capture, refund }) => refund(await capture(await buy()), 400),
    leaves: { held: 0, cleared: 600 },
  },
  {
    name: 'a refund dated before its capture',
    covers: ['Practice: a clearing is dated in the past', 'Stripe: linked refund'],
    edit: (event) =>
      editTransactions(event, (transaction) =>
        transaction['type'] === 'refund'
          ? { ...transaction, created: Number(transaction['created']) - 86_400 }
          : transaction,
      ),
    act: async ({ buy, capture, refund }) => refund(await capture(await buy())),
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'refunded, which the shop takes back by another capture',
    covers: ['Practice: a refund is taken back', 'Stripe: linked refund'],
    act: async ({ buy, capture, refund }) => {
      const id = await buy();
      await refund(await capture(id));
      await capture(id, 1_000);
    },
    leaves: { held: 0, cleared: 1_000 },
  },
  {
    name: 'refunded without any purchase, which is taken back',
    covers: ['Practice: a refund is taken back', 'Stripe: unlinked refund', 'Stripe: forced post'],
    act: async ({ creditUnlinked, forceCapture }) => {
      await creditUnlinked(300);
      await forceCapture(300);
    },
    leaves: { held: 0, cleared: 0, items: ['forced_capture', 'unlinked_refund'] },
  },
];
