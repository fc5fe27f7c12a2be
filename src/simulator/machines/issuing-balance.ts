/**
 * The money that a managed program has at Stripe, by currency. Pure. It is the sum of its balance transactions:
 * top-ups and refunds raise it; holds, captures and withdrawals lower it; a hold's release raises it again.
 *
 *   authorization open ──► hold ──(reversed, expired, captured: what is no longer held)──► release
 *
 * A processor-only program has nothing of this: its own ledger is the only balance.
 */
import { type AuthorizationRow, isOpen } from './authorization.ts';
import type { TransactionRow } from './transaction.ts';

export const PROGRAMS = ['processor_only', 'managed'] as const;
export type ProgramMode = (typeof PROGRAMS)[number];

type BalanceTransactionType =
  | 'issuing_authorization_hold'
  | 'issuing_authorization_release'
  | 'issuing_transaction'
  | 'topup'
  | 'topup_reversal';

/** What changes the balance. The amount is in minor units of the currency; below zero it lowers the balance. */
export interface Booking {
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  /** Id of the authorization or transaction behind it; null for top-ups and withdrawals. */
  readonly source: string | null;
  readonly type: BalanceTransactionType;
}

export interface BalanceTransactionRow extends Booking {
  readonly id: string;
  readonly created: number;
}

/** What an authorization holds back now. */
const holdOf = (row: AuthorizationRow): number => (isOpen(row) ? row.sim.remaining : 0);

const sum = (bookings: readonly Pick<Booking, 'amount'>[]): number =>
  bookings.reduce((total, { amount }) => total + amount, 0);

/** What has to be booked so that an authorization holds what it should, given what was booked for it so far. */
export function holdBooking(
  row: AuthorizationRow,
  booked: readonly Booking[],
): Booking | undefined {
  // Holds are booked below zero.
  const amount = 0 - holdOf(row) - sum(booked);
  if (amount === 0) return undefined;
  return {
    amount,
    currency: row.currency,
    description: row.merchant_data.name,
    source: row.id,
    type: amount < 0 ? 'issuing_authorization_hold' : 'issuing_authorization_release',
  };
}

/** Captures lower the balance and refunds raise it, by the sign of their amounts. */
export const transactionBooking = (row: TransactionRow): Booking => ({
  amount: row.amount,
  currency: row.currency,
  description: row.merchant_data.name,
  source: row.id,
  type: 'issuing_transaction',
});

/** Money that is put in, or with an amount below zero taken out. */
export const fundingBooking = (money: { amount: number; currency: string }): Booking => ({
  ...money,
  description: money.amount < 0 ? 'Withdrawal' : 'Top-up',
  source: null,
  type: money.amount < 0 ? 'topup_reversal' : 'topup',
});

const isHold = ({ type }: Pick<Booking, 'type'>): boolean =>
  type === 'issuing_authorization_hold' || type === 'issuing_authorization_release';

export interface BalanceShown {
  readonly currency: string;
  /** What new authorizations may take. */
  readonly available: number;
  /** What open authorizations hold back; not part of `available`. */
  readonly held: number;
}

/** Running sums, so that an authorization is checked without going through all balance transactions. */
export class IssuingBalance {
  readonly #sums = new Map<string, number>();
  readonly #held = new Map<string, number>();
  /** What is being decided at this moment; two requests at once must not spend the same money. */
  readonly #reserved = new Map<string, number>();

  add(booking: Pick<Booking, 'amount' | 'currency' | 'type'>): void {
    raise(this.#sums, booking.currency, booking.amount);
    if (isHold(booking)) raise(this.#held, booking.currency, -booking.amount);
  }

  /** From scratch, after the state was loaded. */
  recount(bookings: readonly Booking[]): void {
    this.#sums.clear();
    this.#held.clear();
    this.#reserved.clear();
    for (const booking of bookings) this.add(booking);
  }

  /** Sets an amount aside; the function that is returned gives it back. */
  reserve(currency: string, amount: number): () => void {
    raise(this.#reserved, currency, amount);
    return () => raise(this.#reserved, currency, -amount);
  }

  available(currency: string): number {
    return (this.#sums.get(currency) ?? 0) - (this.#reserved.get(currency) ?? 0);
  }

  /** By currency, in the order of their first booking. */
  show(): readonly BalanceShown[] {
    return [...this.#sums.keys()].map((currency) => ({
      currency,
      available: this.available(currency),
      held: this.#held.get(currency) ?? 0,
    }));
  }
}

const raise = (sums: Map<string, number>, currency: string, amount: number): void => {
  sums.set(currency, (sums.get(currency) ?? 0) + amount);
};
