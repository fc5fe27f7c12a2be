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
  /** What another group may be writing at this moment under an account that is not among these names; sorted. */
  readonly shared: readonly string[];
}

/** Postgres has room for some thousand locks; what names more than this waits for some of it only. */
const SHARED_MAX = 1_000;

export function namedBy(rows: readonly SeenRow[]): Named {
  const cards = new Set<StripeCardId>();
  const authorizations = new Set<AuthorizationId>();
  const transactions = new Set<TransactionId>();
  const unlinked = new Set<TransactionId>();
  /** Shown by their ids alone. */
  const listed = new Set<TransactionId>();
  for (const { sighting } of rows) {
    if (sighting.kind === 'card_recorded') cards.add(sighting.stripeCardId);
    if (sighting.kind === 'decision') authorizations.add(sighting.authorizationId);
    if (sighting.kind === 'authorization') {
      const { snapshot } = sighting;
      cards.add(snapshot.stripeCardId);
      authorizations.add(snapshot.authorizationId);
      for (const { transactionId, amountMinor } of snapshot.captures) {
        transactions.add(transactionId);
        if (amountMinor === null) listed.add(transactionId);
      }
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
    shared: [...authorizations, ...unlinked, ...listed].toSorted().slice(0, SHARED_MAX),
  };
}
