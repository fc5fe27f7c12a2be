/**
 * Clearing records that belong to no authorization, or to nobody known: forced captures and unlinked refunds on their
 * account, records of unknown cards or of another currency in `suspense`, moved when the card turns up.
 */
import type { ObservedTransaction } from './authorization-state.ts';
import type { CardState, TransactionFlag, TransactionState } from './books.ts';
import { accountOf, type BooksWork, setTransaction, tellMoney, writeEntry } from './books-work.ts';
import { bookInSuspense, bookTransaction } from './convergence.ts';
import type { AccountId, TenantId } from './ids.ts';
import { move } from './ledger.ts';
import { formatMoney, ZERO } from './money.ts';

const unlinkedFlag = (type: ObservedTransaction['type']): TransactionFlag =>
  type === 'capture' ? 'forced_capture' : 'unlinked_refund';

/** What a record says of its account's status at the time of its booking. */
export function standingFlags(work: BooksWork, accountId: AccountId): readonly TransactionFlag[] {
  const { status } = accountOf(work, accountId);
  return status === 'open' ? [] : [`account_${status}`];
}

/** How a record on the books is not what a row shows of it; undefined when they agree. */
export function contradictionOf(
  known: ObservedTransaction,
  seen: ObservedTransaction,
): string | undefined {
  const isSame =
    known.amountMinor === seen.amountMinor &&
    known.type === seen.type &&
    known.currency === seen.currency;
  return isSame
    ? undefined
    : `transaction ${seen.transactionId} is on the books as ${textOf(known)}, but is shown as ${textOf(seen)}`;
}

const textOf = ({ type, amountMinor, currency }: ObservedTransaction): string =>
  `${type} of ${formatMoney(amountMinor, currency)}`;

export const bookedElsewhere = ({ transactionId }: ObservedTransaction): string =>
  `transaction ${transactionId} is booked already, but not here`;

/**
 * Books a record that no account can take, once; a repeat adds at most the authorization it names. Answers why not, when
 * it contradicts what is on the books.
 */
export function bookAside(
  work: BooksWork,
  tenantId: TenantId,
  seen: ObservedTransaction,
  isWrongCurrency: boolean,
): string | undefined {
  const known = work.transactions.get(seen.transactionId);
  if (known !== undefined) {
    if (known.tenantId !== tenantId) return bookedElsewhere(seen);
    const contradiction = contradictionOf(known.transaction, seen);
    if (contradiction === undefined) learnAuthorization(work, known, seen);
    return contradiction;
  }
  // Of another currency: without its authorization, which adds up amounts of the account's currency.
  const transaction = isWrongCurrency ? { ...seen, authorizationId: null } : seen;
  const flags: readonly TransactionFlag[] = isWrongCurrency
    ? ['suspense', 'wrong_currency']
    : ['suspense'];
  setTransaction(work, { transaction, tenantId, accountId: null, cardId: null, flags });
  work.entries.push({
    tenantId,
    currency: seen.currency,
    accountId: null,
    entry: bookInSuspense(transaction),
  });
  return undefined;
}

function learnAuthorization(
  work: BooksWork,
  known: TransactionState,
  seen: ObservedTransaction,
): void {
  const isWaiting = known.accountId === null && !known.flags.includes('wrong_currency');
  if (!isWaiting) return;
  if (known.transaction.authorizationId !== null || seen.authorizationId === null) return;
  const { authorizationId } = seen;
  setTransaction(work, { ...known, transaction: { ...known.transaction, authorizationId } });
}

/** Moves what waited for this card to its account; what has another currency stays, for a person to settle. */
export function resolveSuspense(work: BooksWork, card: CardState): readonly ObservedTransaction[] {
  const { currency } = accountOf(work, card.accountId);
  const waiting = [...work.transactions.values()]
    .filter(
      (state) =>
        state.accountId === null &&
        state.tenantId === card.tenantId &&
        state.transaction.stripeCardId === card.stripeCardId &&
        !state.flags.includes('wrong_currency'),
    )
    .toSorted((a, b) => (a.transaction.transactionId < b.transaction.transactionId ? -1 : 1));
  const moved: ObservedTransaction[] = [];
  for (const state of waiting) {
    const { transaction } = state;
    if (transaction.currency !== currency) {
      setTransaction(work, {
        ...state,
        transaction: { ...transaction, authorizationId: null },
        flags: [...state.flags, 'wrong_currency'],
      });
      continue;
    }
    // An authorization of another account is not touched under this one's lock: the record stands alone then.
    const owner =
      transaction.authorizationId && work.authorizations.get(transaction.authorizationId);
    const isElsewhere = owner ? owner.accountId !== card.accountId : false;
    const own = isElsewhere ? { ...transaction, authorizationId: null } : transaction;
    moveToAccount(work, card, { ...state, transaction: own });
    moved.push(own);
  }
  return moved;
}

export function moveToAccount(work: BooksWork, card: CardState, state: TransactionState): void {
  const { transaction } = state;
  const { transactionId, type, amountMinor } = transaction;
  const { accountId, cardId } = card;
  const unlinked = transaction.authorizationId === null ? [unlinkedFlag(type)] : [];
  const flags = [...unlinked, ...standingFlags(work, accountId)];
  setTransaction(work, { ...state, accountId, cardId, flags });
  writeEntry(work, accountId, {
    kind: 'suspense_resolution',
    authorizationId: null,
    transactionId,
    effectiveS: work.nowS,
    postings:
      type === 'capture'
        ? move('available', 'suspense', amountMinor)
        : move('suspense', 'available', amountMinor),
  });
  tellMoney(work, card, transaction);
}

/** A forced capture or an unlinked refund: no hold is touched, and a person should know. */
export function bookUnlinked(work: BooksWork, card: CardState, seen: ObservedTransaction): void {
  const { tenantId, accountId, cardId } = card;
  const flags = [unlinkedFlag(seen.type), ...standingFlags(work, accountId)];
  setTransaction(work, { transaction: seen, tenantId, accountId, cardId, flags });
  writeEntry(work, accountId, bookTransaction(seen, ZERO).entry);
  tellMoney(work, card, seen);
}

/** Gives a record its authorization, and takes back what was said of it while it had none. */
export function link(
  work: BooksWork,
  state: TransactionState,
  authorizationId: ObservedTransaction['authorizationId'],
): void {
  setTransaction(work, {
    ...state,
    transaction: { ...state.transaction, authorizationId },
    flags: state.flags.filter((flag) => flag !== 'forced_capture' && flag !== 'unlinked_refund'),
  });
}
