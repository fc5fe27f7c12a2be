/** Clearing records as they are read: the columns, and the record that is made of a row. */
import type { Merchant } from '../../domain/authorization-state.ts';
import type { TransactionParts, TransactionRecord } from '../../ports/transactions.ts';
import type { Queryable } from './pool.ts';

export interface TransactionRow
  extends Omit<TransactionRecord, 'parts' | 'merchant' | 'createdAt'> {
  readonly parts: Partial<TransactionParts>;
  readonly merchant: Partial<Merchant>;
  /** A text when the row came as JSON. */
  readonly createdAt: Date | string;
}

/** Named as the fields of the row. */
export const transactionColumns = (sql: Queryable) => sql`
  transaction_id as id, tenant_id as "tenantId", type, authorization_id as "authorizationId",
  card_id as "cardId", account_id as "accountId", stripe_card_id as "stripeCardId", currency,
  amount_minor as "amountMinor", parts, merchant, flags, created_at as "createdAt"`;

export const toTransaction = (row: TransactionRow): TransactionRecord => ({
  ...row,
  parts: {
    merchantAmountMinor: row.parts.merchantAmountMinor ?? null,
    merchantCurrency: row.parts.merchantCurrency ?? null,
    atmFeeMinor: row.parts.atmFeeMinor ?? 0,
    cashbackMinor: row.parts.cashbackMinor ?? 0,
  },
  merchant: toMerchant(row.merchant),
  createdAt: isoTime(row.createdAt),
});

/** Null where nothing is known of the merchant. */
export function toMerchant(merchant: Partial<Merchant>): Merchant | null {
  const {
    name = null,
    category = '',
    categoryCode = '',
    country = null,
    networkId = null,
  } = merchant;
  const isTold = category !== '' || categoryCode !== '';
  if (name === null && country === null && networkId === null && !isTold) return null;
  return { name, category, categoryCode, country, networkId };
}

/** A time of the driver, or of a row that came as JSON, as the API shows it. */
export const isoTime = (time: Date | string): string => new Date(time).toISOString();
