/**
 * What changes the money that a managed program has at Stripe. Pure. The balance is the sum of these bookings: top-ups,
 * refunds and the money of disputes raise it; holds, captures and withdrawals lower it; a hold's release raises it again.
 *
 *   authorization open ──► hold ──(reversed, expired, captured: what is no longer held)──► release
 *   dispute ──► credit while the outcome is open ──(taken back, or lost)──► its reversal
 *           └──► the money itself, when it is won without a credit before
 *
 * A processor-only program has nothing of this: its own ledger is the only balance.
 */
import { type AuthorizationRow, isOpen } from './authorization.ts';
import type { DisputeRow } from './dispute.ts';
import type { TransactionRow } from './transaction.ts';

export const PROGRAMS = ['processor_only', 'managed'] as const;
export type ProgramMode = (typeof PROGRAMS)[number];

export type BalanceTransactionType =
  | 'issuing_authorization_hold'
  | 'issuing_authorization_release'
  | 'issuing_dispute'
  | 'issuing_dispute_provisional_credit'
  | 'issuing_dispute_provisional_credit_reversal'
  | 'issuing_transaction'
  | 'topup'
  | 'topup_reversal';

/** What changes the balance. The amount is in minor units of the currency; below zero it lowers the balance. */
export interface Booking {
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  /** Id of the authorization, transaction or dispute behind it; null for top-ups and withdrawals. */
  readonly source: string | null;
  readonly type: BalanceTransactionType;
}

export interface BalanceTransactionRow extends Booking {
  readonly id: string;
  readonly created: number;
}

/** What the balance transactions of one currency came to that are no longer kept. */
export interface OpeningSum {
  readonly amount: number;
  readonly currency: string;
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

/**
 * What has to be booked so that a dispute has brought what it should, given what was booked for it so far. Money that
 * came while the program had no balance was not booked, so it is not taken back either.
 */
export function disputeBooking(row: DisputeRow, booked: readonly Booking[]): Booking | undefined {
  const amount = (row.sim.reinstated ? row.amount : 0) - sum(booked);
  if (amount === 0) return undefined;
  const credit = row.status === 'won' ? 'issuing_dispute' : 'issuing_dispute_provisional_credit';
  return {
    amount,
    currency: row.currency,
    description: null,
    source: row.id,
    type: amount < 0 ? 'issuing_dispute_provisional_credit_reversal' : credit,
  };
}

/** Money that is put in, or with an amount below zero taken out. */
export const fundingBooking = (money: { amount: number; currency: string }): Booking => ({
  ...money,
  description: money.amount < 0 ? 'Withdrawal' : 'Top-up',
  source: null,
  type: money.amount < 0 ? 'topup_reversal' : 'topup',
});

export const isHold = ({ type }: Pick<Booking, 'type'>): boolean =>
  type === 'issuing_authorization_hold' || type === 'issuing_authorization_release';
