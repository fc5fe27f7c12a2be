/** Disputes, as the API shows them. */
import type { DisputeRow } from '../../machines/dispute.ts';
import type { Kind } from '../kind.ts';
import { BALANCE_TRANSACTION } from './balance-transaction.ts';

export const DISPUTE: Kind<DisputeRow> = {
  name: 'issuing.dispute',
  label: 'issuing dispute',
  idPrefix: 'idp',
  eventPrefix: 'issuing_dispute',
  table: (account) => account.disputes,
  render(account, { sim: _hidden, ...shown }) {
    return {
      ...shown,
      object: 'issuing.dispute',
      balance_transactions: (shown.balance_transactions ?? []).flatMap((id) => {
        const entry = account.balanceTransactions.get(id);
        return entry === undefined ? [] : [BALANCE_TRANSACTION.render(account, entry)];
      }),
      livemode: false,
    };
  },
};
