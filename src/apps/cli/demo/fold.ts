/**
 * What the books should say, folded from the simulator's final objects and nothing of ours: an independent
 * second opinion. Pure.
 */
import type { AccountObjects, SimulatedTransaction } from './simulator-control.ts';

export interface ExpectedAccount {
  readonly heldMinor: number;
  /** Captures less refunds. */
  readonly clearedMinor: number;
}

const cardOf = (transaction: SimulatedTransaction): string =>
  typeof transaction.card === 'string' ? transaction.card : transaction.card.id;

/** By the id of our card, which is in the metadata of each card at Stripe. */
export function expectedByCard(
  accounts: readonly AccountObjects[],
): ReadonlyMap<string, ExpectedAccount> {
  const expected = new Map<string, { heldMinor: number; clearedMinor: number }>();
  for (const account of accounts) {
    const ours = new Map(
      account.cards.map((card) => [card.id, card.metadata['card_id'] ?? card.id]),
    );
    const of = (stripeCardId: string) => {
      const key = ours.get(stripeCardId) ?? stripeCardId;
      const entry = expected.get(key) ?? { heldMinor: 0, clearedMinor: 0 };
      expected.set(key, entry);
      return entry;
    };
    for (const authorization of account.authorizations) {
      // While it is pending, the simulator's `amount` is what may still be captured.
      const isOpen = authorization.approved && authorization.status === 'pending';
      if (isOpen) of(authorization.card.id).heldMinor += authorization.amount;
    }
    for (const transaction of account.transactions) {
      of(cardOf(transaction)).clearedMinor -= transaction.amount;
    }
  }
  return expected;
}

/** Cards of ours that have more than one live card at Stripe, and customers with more than one cardholder. */
export function doubles(accounts: readonly AccountObjects[]): readonly string[] {
  const live = accounts.flatMap((account) =>
    account.cards
      .filter((card) => card.status !== 'canceled')
      .map((card) => card.metadata['card_id'] ?? card.id),
  );
  const holders = accounts.flatMap((account) =>
    account.cardholders.map((holder) => holder.metadata['cardholder_id'] ?? holder.id),
  );
  return [...repeated(live), ...repeated(holders)];
}

const repeated = (ids: readonly string[]): readonly string[] =>
  ids.filter((id, index) => ids.indexOf(id) !== index);
