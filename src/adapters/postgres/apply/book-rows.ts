/** A change of the books as the lists that `write_books` takes (migrations/0007-books.sql), each as JSON. */
import type {
  AuthorizationState,
  BooksChange,
  OwnedEntry,
  TransactionState,
} from '../../../domain/books.ts';

/** Null for an empty list: there is nothing to read then. */
export const listOf = (rows: readonly object[]): string | null =>
  rows.length === 0 ? null : JSON.stringify(rows);

const ofNew = <T extends { readonly isNew: boolean }>(items: readonly T[], isNew: boolean) =>
  items.filter((item) => item.isNew === isNew);

export const authorizationRows = ({ authorizations }: BooksChange, isNew: boolean) =>
  ofNew(authorizations, isNew).map(({ state }) => authorizationRow(state));

export const transactionRows = ({ transactions }: BooksChange, isNew: boolean) =>
  ofNew(transactions, isNew).map(({ state }) => transactionRow(state));

const authorizationRow = (state: AuthorizationState) => ({
  tenant_id: state.tenantId,
  authorization_id: state.record.authorizationId,
  account_id: state.accountId,
  card_id: state.cardId,
  stripe_card_id: state.stripeCardId,
  currency: state.currency,
  snapshot: state.record.newest.length === 0 ? null : state.record.newest,
  evidence: state.record.evidence,
  status: state.status,
  captured_minor: state.capturedMinor,
  refunded_minor: state.refundedMinor,
  counted_minor: state.countedMinor,
  anchored_s: state.anchoredS,
  merchant: state.merchant ?? {},
  flags: state.flags,
  is_purchase: state.isPurchase,
  awaits: state.awaits,
});

const transactionRow = ({ transaction, tenantId, accountId, cardId, flags }: TransactionState) => ({
  tenant_id: tenantId,
  transaction_id: transaction.transactionId,
  type: transaction.type,
  authorization_id: transaction.authorizationId,
  account_id: accountId,
  card_id: cardId,
  stripe_card_id: transaction.stripeCardId,
  currency: transaction.currency,
  amount_minor: transaction.amountMinor,
  merchant: transaction.merchant,
  parts: transaction.parts,
  flags,
  created_s: transaction.createdS,
});

export function entryRows({
  entries,
  authorizations,
  transactions,
}: Pick<BooksChange, 'entries' | 'authorizations' | 'transactions'>) {
  const cardOfRecord = new Map(
    transactions.map(({ state }) => [state.transaction.transactionId, state.cardId]),
  );
  const cardOfPurchase = new Map(
    authorizations.map(({ state }) => [state.record.authorizationId, state.cardId]),
  );
  return entries.map(({ tenantId, currency, accountId, entry }) => {
    const { transactionId, authorizationId } = entry;
    const ofRecord = transactionId === null ? undefined : cardOfRecord.get(transactionId);
    const ofPurchase = authorizationId === null ? undefined : cardOfPurchase.get(authorizationId);
    return {
      tenant_id: tenantId,
      currency,
      account_id: accountId,
      kind: entry.kind,
      authorization_id: authorizationId,
      transaction_id: transactionId,
      effective_s: entry.effectiveS,
      // A clearing record may name another card than its purchase, when that was replaced in between.
      card_id: ofRecord ?? ofPurchase ?? null,
    };
  });
}

/** `entry` is the place of its entry in the list of entries, counted from 1. */
export const postingRows = (entries: readonly OwnedEntry[]) =>
  entries.flatMap(({ entry }, index) =>
    entry.postings.map(({ debit, credit, amountMinor }) => ({
      entry: index + 1,
      debit,
      credit,
      amount_minor: amountMinor,
    })),
  );

/** Which of our answers add to a hold, and which no longer do. */
export const confirmationRows = ({ authorizations }: BooksChange) =>
  authorizations.flatMap(({ confirmations, state }) =>
    confirmations.map(({ requestId, isConfirmed }) => ({
      tenant_id: state.tenantId,
      request_id: requestId,
      confirmed: isConfirmed,
    })),
  );

export const spendingRows = ({ spending }: BooksChange) =>
  spending.map(({ tenantId, cardId, delta }) => ({
    tenant_id: tenantId,
    card_id: cardId,
    purchases: delta.purchases,
    captures: delta.captures,
    captured_minor: delta.capturedMinor,
    refunded_minor: delta.refundedMinor,
  }));
