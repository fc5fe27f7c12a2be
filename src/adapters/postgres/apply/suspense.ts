/** Clearing records of cards nobody knows: booked at once in `suspense`, moved when the card turns up. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import { bookInSuspense } from '../../../domain/convergence.ts';
import { parseTransactionId, type TenantId } from '../../../domain/ids.ts';
import { move } from '../../../domain/ledger.ts';
import { minorUnits } from '../../../domain/money.ts';
import { closeAttention, openAttention } from '../attention.ts';
import { writeEntry } from '../ledger.ts';
import type { Transaction } from '../pool.ts';
import { insertTransaction } from './authorization-rows.ts';
import type { CardContext } from './card-context.ts';

const ATTENTION_KIND = 'transaction_of_unknown_card';

export async function bookUnknownCard(
  tx: Transaction,
  tenantId: TenantId,
  transaction: ObservedTransaction,
): Promise<void> {
  const nobody = { tenantId, accountId: null, cardId: null } as const;
  if (!(await insertTransaction(tx, transaction, nobody, ['suspense']))) return;
  const owner = { tenantId, currency: transaction.currency, accountId: null };
  await writeEntry(tx, owner, bookInSuspense(transaction));
  await openAttention(tx, {
    tenantId,
    kind: ATTENTION_KIND,
    subject: transaction.transactionId,
    details: {
      stripeCardId: transaction.stripeCardId,
      type: transaction.type,
      amountMinor: transaction.amountMinor,
      currency: transaction.currency,
    },
  });
}

/** Moves what waited in suspense for this card to its account, and closes the items. The account is locked. */
export async function resolveSuspense(
  tx: Transaction,
  context: CardContext,
  nowS: number,
): Promise<void> {
  const rows = await tx<
    { transaction_id: string; type: 'capture' | 'refund'; amount_minor: number }[]
  >`
    update transactions set account_id = ${context.accountId}, card_id = ${context.cardId},
           flags = array_remove(flags, 'suspense')
     where stripe_card_id = ${context.stripeCardId} and account_id is null and tenant_id = ${context.tenantId}
       and currency = ${context.currency}
    returning transaction_id, type, amount_minor`;
  for (const row of rows) {
    const amountMinor = minorUnits(row.amount_minor);
    await writeEntry(tx, context, {
      kind: 'suspense_resolution',
      authorizationId: null,
      transactionId: parseTransactionId(row.transaction_id),
      effectiveS: nowS,
      postings:
        row.type === 'capture'
          ? move('available', 'suspense', amountMinor)
          : move('suspense', 'available', amountMinor),
    });
    const resolution = `the card is known now: ${context.cardId}`;
    await closeAttention(tx, { kind: ATTENTION_KIND, subject: row.transaction_id, resolution });
  }
}
