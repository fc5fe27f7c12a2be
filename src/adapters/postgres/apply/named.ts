/** What the rows of a batch name, and so what has to be locked and loaded for them. */
import type { SeenRow } from '../../../domain/books.ts';
import type { AuthorizationId, StripeCardId, TransactionId } from '../../../domain/ids.ts';

/** Ids that the rows of a batch name. */
export interface Named {
  readonly cards: readonly StripeCardId[];
  readonly authorizations: readonly AuthorizationId[];
  readonly transactions: readonly TransactionId[];
  /** Those of the transactions that come without an authorization. */
  readonly unlinked: readonly TransactionId[];
}

export function namedBy(rows: readonly SeenRow[]): Named {
  const cards = new Set<StripeCardId>();
  const authorizations = new Set<AuthorizationId>();
  const transactions = new Set<TransactionId>();
  const unlinked = new Set<TransactionId>();
  for (const { sighting } of rows) {
    if (sighting.kind === 'card_recorded') cards.add(sighting.stripeCardId);
    if (sighting.kind === 'decision') authorizations.add(sighting.authorizationId);
    if (sighting.kind === 'authorization') {
      const { snapshot } = sighting;
      cards.add(snapshot.stripeCardId);
      authorizations.add(snapshot.authorizationId);
      for (const { transactionId } of snapshot.captures) transactions.add(transactionId);
    }
    const seen =
      sighting.kind === 'transaction'
        ? [sighting.transaction]
        : sighting.kind === 'authorization'
          ? sighting.transactions
          : [];
    for (const { stripeCardId, authorizationId, transactionId } of seen) {
      cards.add(stripeCardId);
      transactions.add(transactionId);
      if (authorizationId !== null) authorizations.add(authorizationId);
      else unlinked.add(transactionId);
    }
  }
  return {
    cards: [...cards],
    authorizations: [...authorizations],
    transactions: [...transactions],
    unlinked: [...unlinked],
  };
}
