/** Disputes, as the API shows them. */
import type { DisputeRow } from '../../machines/dispute.ts';
import type { Kind } from '../kind.ts';

export const DISPUTE: Kind<DisputeRow> = {
  name: 'issuing.dispute',
  label: 'issuing dispute',
  idPrefix: 'idp',
  eventPrefix: 'issuing_dispute',
  table: (account) => account.disputes,
  render(_account, { sim: _hidden, ...shown }) {
    return {
      ...shown,
      object: 'issuing.dispute',
      // Processor-only programs have no Issuing balance that a dispute could move.
      balance_transactions: [],
      livemode: false,
    };
  },
};
