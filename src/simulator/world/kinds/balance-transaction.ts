/** Balance transactions, as the API shows them inside of authorizations and transactions. */
import type { BalanceTransactionRow } from '../../machines/issuing-balance.ts';
import { reportingCategory } from '../../machines/reporting-category.ts';
import type { Kind } from '../kind.ts';
import { remembered } from '../memo.ts';

export const BALANCE_TRANSACTION: Kind<BalanceTransactionRow> = {
  name: 'balance_transaction',
  label: 'balance transaction',
  idPrefix: 'txn',
  eventPrefix: 'balance_transaction',
  table: (account) => account.balanceTransactions,
  render: remembered(
    () => [],
    (row: BalanceTransactionRow) => ({
      ...row,
      object: 'balance_transaction',
      available_on: row.created,
      balance_type: 'issuing',
      exchange_rate: null,
      fee: 0,
      fee_details: [],
      net: row.amount,
      reporting_category: reportingCategory(row.type),
      status: 'available',
    }),
  ),
};
