/** Settlements, as the API shows them. */
import type { SettlementRow } from '../../machines/settlement.ts';
import type { Kind } from '../kind.ts';

export const SETTLEMENT: Kind<SettlementRow> = {
  name: 'issuing.settlement',
  label: 'issuing settlement',
  idPrefix: 'ise',
  eventPrefix: 'issuing_settlement',
  table: (account) => account.settlements,
  render: (_account, row) => ({
    ...row,
    object: 'issuing.settlement',
    livemode: false,
    // The test helper has no parameters for these.
    network_fees_amount: 0,
    settlement_service: 'international',
  }),
};
