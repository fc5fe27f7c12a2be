/** Figures over everything, for operators and the demo. */

/** Events that came by webhook, or from Stripe's list, by what became of them. */
export interface InboxSummary {
  readonly received: number;
  readonly pending: number;
  readonly applied: number;
  readonly ignored: number;
  readonly attention: number;
}

/** Credits less debits of one kind of ledger account. */
export interface TrialBalanceRow {
  readonly tenantId: string;
  readonly currency: string;
  readonly kind: string;
  readonly balanceMinor: number;
}

/** The balances of all ledger accounts at one moment. */
export interface TrialBalance {
  readonly data: TrialBalanceRow[];
  /** Zero for each currency, or the books are wrong. */
  readonly perCurrency: { readonly currency: string; readonly sumMinor: number }[];
  readonly asOf: string;
  /** When totals were last rolled up; what is newer was added now. Null before the first roll-up. */
  readonly rolledUpAt: string | null;
}

export interface ProgramFigures {
  inbox(): Promise<InboxSummary>;
  /** Of one tenant, or of all. */
  trialBalance(tenantId: string | undefined): Promise<TrialBalance>;
}
