/** Transactions without an authorization: a person should know, unless a later view links them after all. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import type { AuthorizationId } from '../../../domain/ids.ts';
import { closeAttention, openAttention } from '../attention.ts';
import type { Transaction } from '../pool.ts';
import type { CardContext } from './card-context.ts';
import type { SpendingDelta } from './spending.ts';

type TransactionType = ObservedTransaction['type'];

export interface UnlinkedRow {
  readonly transaction_id: string;
  readonly type: TransactionType;
}

/** The flag of such a transaction, and the kind of its item. */
export const unlinkedKind = (type: TransactionType): 'forced_capture' | 'unlinked_refund' =>
  type === 'capture' ? 'forced_capture' : 'unlinked_refund';

export async function openUnlinked(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
): Promise<void> {
  await openAttention(tx, {
    tenantId: context.tenantId,
    kind: unlinkedKind(transaction.type),
    subject: transaction.transactionId,
    cardId: context.cardId,
    accountId: context.accountId,
    details: { amountMinor: transaction.amountMinor, currency: transaction.currency },
  });
}

/** Those of the transactions that are on the account's books without an authorization. */
export async function unlinkedAmong(
  tx: Transaction,
  context: CardContext,
  transactionIds: readonly string[],
): Promise<readonly UnlinkedRow[]> {
  if (transactionIds.length === 0) return [];
  return tx<UnlinkedRow[]>`
    select transaction_id, type from transactions
     where transaction_id = any(${[...transactionIds]}) and authorization_id is null
       and account_id = ${context.accountId}`;
}

/**
 * Takes back what was said of transactions that have their authorization now: they are part of its purchase, not
 * purchases of their own. One that left suspense just now was not counted yet, and only learns its authorization.
 */
export async function settleLinked(
  tx: Transaction,
  context: CardContext,
  linked: {
    readonly authorizationId: AuthorizationId;
    readonly unlinked: readonly UnlinkedRow[];
    readonly moved: Map<string, ObservedTransaction>;
  },
  delta: SpendingDelta,
): Promise<void> {
  const { authorizationId, unlinked, moved } = linked;
  for (const { transaction_id: subject, type } of unlinked) {
    const fresh = moved.get(subject);
    if (fresh !== undefined) {
      moved.set(subject, { ...fresh, authorizationId });
      continue;
    }
    const kind = unlinkedKind(type);
    if (type === 'capture') delta.purchases -= 1;
    await tx`
      update transactions set flags = array_remove(flags, ${kind})
       where transaction_id = ${subject} and account_id = ${context.accountId}`;
    await closeAttention(tx, { kind, subject, resolution: `it belongs to ${authorizationId}` });
  }
}
