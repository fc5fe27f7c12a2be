/** Keeps the Issuing balance of managed programs in step with authorizations, transactions and disputes. */
import type { AuthorizationRow } from '../machines/authorization.ts';
import type { DisputeRow } from '../machines/dispute.ts';
import {
  type BalanceTransactionRow,
  type Booking,
  disputeBooking,
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

/** The next version of an authorization with all its balance transactions. */
export function bookHold(scope: Scope, next: AuthorizationRow): AuthorizationRow {
  if (!isManaged(scope)) return next;
  const { account } = scope;
  const ids = account.authorizations.get(next.id)?.balance_transactions ?? [];
  const booking = holdBooking(next, bookedAs(scope, ids));
  const added = booking === undefined ? [] : [book(scope, booking).id];
  return { ...next, balance_transactions: [...ids, ...added] };
}

const bookedAs = ({ account }: Scope, ids: readonly string[]): readonly BalanceTransactionRow[] =>
  ids.flatMap((id) => account.balanceTransactions.get(id) ?? []);

/** The next version of a dispute, with a balance transaction if its money has come or gone. */
export function bookDispute(scope: Scope, before: DisputeRow, next: DisputeRow): DisputeRow {
  const isMoved = before.sim.reinstated !== next.sim.reinstated;
  return isManaged(scope) && isMoved ? withDisputeMoney(scope, next) : next;
}

function withDisputeMoney(scope: Scope, row: DisputeRow): DisputeRow {
  const ids = row.balance_transactions ?? [];
  const booking = disputeBooking(row, bookedAs(scope, ids));
  if (booking === undefined) return row;
  return { ...row, balance_transactions: [...ids, book(scope, booking).id] };
}

/**
 * After a program has become a managed one: holds what is open, and gives back what was booked earlier for what ended
 * while no balance was kept. It sends no events, as nothing has happened to the objects themselves.
 */
export function bookOpen(scope: Scope): void {
  const { authorizations, disputes } = scope.account;
  for (const row of authorizations.all()) {
    const booked = bookHold(scope, row);
    if (booked.balance_transactions?.length !== (row.balance_transactions?.length ?? 0))
      authorizations.put(booked);
  }
  for (const row of disputes.all()) {
    if (row.balance_transactions !== undefined) disputes.put(withDisputeMoney(scope, row));
  }
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
