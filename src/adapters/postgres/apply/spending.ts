/** Cumulative spending of a card, and what its workflow hears of money at once. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import type { AuthorizationId } from '../../../domain/ids.ts';
import { insertFact } from '../fact-store.ts';
import type { Transaction } from '../pool.ts';
import type { CardContext } from './card-context.ts';

/** What changes in a card's cumulative spending. */
export interface SpendingDelta {
  purchases: number;
  captures: number;
  capturedMinor: number;
  refundedMinor: number;
}

export const noSpending = (): SpendingDelta => ({
  purchases: 0,
  captures: 0,
  capturedMinor: 0,
  refundedMinor: 0,
});

/** Counts a transaction that was booked on the account, once. */
export async function countTransaction(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
  delta: SpendingDelta,
): Promise<void> {
  const isForced = transaction.type === 'capture' && transaction.authorizationId === null;
  if (transaction.type === 'capture') {
    delta.captures += 1;
    delta.capturedMinor += transaction.amountMinor;
  } else {
    delta.refundedMinor += transaction.amountMinor;
  }
  // A card that winds down must hear of money at once; an active one hears of it by digest, but for forced captures.
  if (context.phase === 'winding_down' || context.phase === 'closed' || isForced) {
    const cause = isForced ? 'forced_capture' : transaction.type;
    const fact = { kind: 'money_seen', cause } as const;
    await insertFact(tx, context, fact, `money/${transaction.transactionId}`);
  }
}

/** The first purchase of an unused or dormant card is told at once; all others go with the digest. */
export async function tellFirstPurchase(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
): Promise<void> {
  if (context.usage === 'spending') return;
  await insertFact(tx, context, { kind: 'purchase_seen' }, `purchase/${authorizationId}`);
}

export async function addSpending(
  tx: Transaction,
  context: CardContext,
  delta: SpendingDelta,
): Promise<void> {
  if (delta.purchases === 0 && delta.captures === 0 && delta.refundedMinor === 0) return;
  await tx`
    insert into card_spending as s (tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
      last_purchase_at, revision)
    values (${context.tenantId}, ${context.cardId}, ${delta.purchases}, ${delta.captures}, ${delta.capturedMinor},
      ${delta.refundedMinor}, ${delta.purchases > 0 ? new Date() : null}, 1)
    on conflict (card_id) do update set
      purchases = s.purchases + excluded.purchases, captures = s.captures + excluded.captures,
      captured_minor = s.captured_minor + excluded.captured_minor,
      refunded_minor = s.refunded_minor + excluded.refunded_minor,
      last_purchase_at = coalesce(excluded.last_purchase_at, s.last_purchase_at),
      changed_at = now(), revision = s.revision + 1`;
}
