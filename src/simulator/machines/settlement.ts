/**
 * What a network settles for one BIN and day, as it is stored. Pure.
 *
 *   pending ──complete──► complete
 */
export const SETTLEMENT_EVENT_MODES = ['off', 'on'] as const;
export type SettlementEventMode = (typeof SETTLEMENT_EVENT_MODES)[number];

export interface SettlementRow {
  readonly id: string;
  readonly created: number;
  readonly bin: string;
  /** Unix seconds. */
  readonly clearing_date: number;
  readonly currency: string;
  /** This and all other amounts: minor units of `currency`. */
  readonly interchange_fees_amount: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly net_total_amount: number;
  readonly network: 'maestro' | 'visa';
  readonly network_settlement_identifier: string;
  readonly status: 'complete' | 'pending';
  readonly transaction_amount: number;
  readonly transaction_count: number;
}

/** Undefined when it is complete already. */
export const completeSettlement = (settlement: SettlementRow): SettlementRow | undefined =>
  settlement.status === 'complete' ? undefined : { ...settlement, status: 'complete' };
