/** Figures over everything, for operators and the demo. */

/** Events that came by webhook, by what became of them. */
export interface InboxSummary {
  readonly received: number;
  readonly pending: number;
  readonly applied: number;
  readonly ignored: number;
  readonly attention: number;
}

/** Credits less debits of one kind of ledger account; per currency they sum to zero. */
export interface TrialBalanceRow {
  readonly tenantId: string;
  readonly currency: string;
  readonly kind: string;
  readonly balanceMinor: number;
}

export interface ProgramFigures {
  inbox(): Promise<InboxSummary>;
  trialBalance(tenantId: string | undefined): Promise<TrialBalanceRow[]>;
}
