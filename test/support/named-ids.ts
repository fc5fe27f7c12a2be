/** The ids that rows of a batch name: what the adapter would load for them begins with these. */
import type { SeenRow } from '../../src/domain/books.ts';
import type { AuthorizationId, StripeCardId, TransactionId } from '../../src/domain/ids.ts';

export interface Named {
  readonly cards: Set<StripeCardId>;
  readonly authorizations: Set<AuthorizationId>;
  readonly transactions: Set<TransactionId>;
  /** Those of the transactions that come without an authorization. */
  readonly unlinked: Set<TransactionId>;
}

/** Ids that the rows name. */
export function namedBy(rows: readonly SeenRow[]): Named {
  const named: Named = {
    cards: new Set(),
    authorizations: new Set(),
    transactions: new Set(),
    unlinked: new Set(),
  };
  for (const { sighting } of rows) {
    if (sighting.kind === 'card_recorded') named.cards.add(sighting.stripeCardId);
    if (sighting.kind === 'decision') named.authorizations.add(sighting.authorizationId);
    const seen = sighting.kind === 'transaction' ? [sighting.transaction] : [];
    if (sighting.kind === 'authorization') {
      const { snapshot, transactions } = sighting;
      named.cards.add(snapshot.stripeCardId);
      named.authorizations.add(snapshot.authorizationId);
      for (const { transactionId } of snapshot.captures) named.transactions.add(transactionId);
      seen.push(...transactions);
    }
    for (const { stripeCardId, authorizationId, transactionId } of seen) {
      named.cards.add(stripeCardId);
      named.transactions.add(transactionId);
      if (authorizationId !== null) named.authorizations.add(authorizationId);
      else named.unlinked.add(transactionId);
    }
  }
  return named;
}
