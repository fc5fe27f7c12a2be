/** The outcome of a demo: the shape that `--report` writes, and the summary that a person reads. */

export interface DemoReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly cards: readonly {
    readonly id: string;
    readonly workflowId: string;
    readonly phases: readonly string[];
    readonly phase: string;
  }[];
  readonly decisions: {
    readonly approved: number;
    readonly declined: Readonly<Record<string, number>>;
    readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  };
  readonly webhooks: {
    readonly sent: number;
    readonly received: number;
    readonly duplicates: number;
    readonly applied: number;
    readonly ignored: number;
    readonly attention: number;
  };
  readonly ledger: Readonly<Record<string, LedgerFigures>>;
  readonly invariants: Readonly<Record<string, boolean>>;
}

export interface LedgerFigures {
  readonly available: number;
  readonly held: number;
  readonly networkSettlement: number;
  readonly funding: number;
  readonly sum: number;
}

const money = (minor: number): string => (minor / 100).toFixed(2).padStart(12);

/** Plain lines that can be pasted into an issue. */
export function summaryOf(report: DemoReport): string {
  const { decisions, webhooks } = report;
  const declined = Object.entries(decisions.declined).map(([reason, n]) => `${n} ${reason}`);
  const { p50, p99, max } = decisions.latencyMs;
  const lines = [
    '',
    `Decisions   ${decisions.approved} approved; declined: ${declined.join(', ') || 'none'}`,
    `            answered in ${p50.toFixed(1)} ms (p50), ${p99.toFixed(1)} ms (p99), ${max.toFixed(1)} ms (longest), seen from Stripe's side`,
    `Webhooks    ${webhooks.received} events stored, ${webhooks.duplicates} repeats recognized; ${webhooks.applied} applied, ${webhooks.ignored} of no use to us, ${webhooks.attention} for a person`,
    ...Object.entries(report.ledger).flatMap(([currency, l]) => [
      `Books       ${currency}`,
      `            available to customers ${money(l.available)}`,
      `            held                   ${money(l.held)}`,
      `            owed to the networks   ${money(l.networkSettlement)}`,
      `            paid in by customers   ${money(-l.funding)}`,
      `            all accounts together   ${money(l.sum)}`,
    ]),
    '',
    ...Object.entries(report.invariants).map(([name, holds]) => `  ${holds ? '✓' : '✗'} ${name}`),
    '',
  ];
  return lines.join('\n');
}
