/** Keeps the Issuing balance of managed programs in step with authorizations and transactions. */
import type { AuthorizationRow } from '../machines/authorization.ts';
import {
  type BalanceTransactionRow,
  type Booking,
  holdBooking,
  transactionBooking,
} from '../machines/issuing-balance.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import { type Scope, store } from '../world/kind.ts';
import { BALANCE_TRANSACTION } from '../world/kinds/balance-transaction.ts';

const isManaged = ({ account }: Scope): boolean => account.settings.program === 'managed';

/** Changes the balance. The program must be a managed one. */
export function book(scope: Scope, booking: Booking): BalanceTransactionRow {
  const { world, account } = scope;
  const id = world.sequence.id(BALANCE_TRANSACTION.idPrefix);
  const row: BalanceTransactionRow = { ...booking, id, created: world.clock.now() };
  store(scope, BALANCE_TRANSACTION, row);
  account.balance.add(row);
  return row;
}

/** The transaction with its balance transaction; as it is where no balance is kept. */
export const bookTransaction = (scope: Scope, row: TransactionRow): TransactionRow =>
  isManaged(scope) ? { ...row, balance_transaction: book(scope, transactionBooking(row)).id } : row;

/**
 * The next version of an authorization with all its balance transactions. The hold is worked out from what was
 * booked for it, so it comes right at the next change after a program has become a managed one.
 */
export function bookHold(scope: Scope, next: AuthorizationRow): AuthorizationRow {
  if (!isManaged(scope)) return next;
  const { account } = scope;
  const ids = account.authorizations.get(next.id)?.balance_transactions ?? [];
  const booked = ids.flatMap((id) => account.balanceTransactions.get(id) ?? []);
  const booking = holdBooking(next, booked);
  const added = booking === undefined ? [] : [book(scope, booking).id];
  return { ...next, balance_transactions: [...ids, ...added] };
}

/** What new authorizations may take, or null where no balance is kept. */
export const availableBalance = (scope: Scope, currency: string): number | null =>
  isManaged(scope) ? scope.account.balance.available(currency) : null;

/**
 * Keeps an amount from being spent twice while somebody else decides about it. What it returns gives it back; more
 * than once is harmless.
 */
export function reserve(
  { account }: Scope,
  money: { readonly amount: number; readonly currency: string },
): () => void {
  const giveBack = account.balance.reserve(money.currency, money.amount);
  let reserved = true;
  return () => {
    if (reserved) giveBack();
    reserved = false;
  };
}
