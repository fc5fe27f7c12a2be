/** The outcome of a demo: the shape that `--report` writes, and the summary that a person reads. */

/** The invariants of the design that show from outside, each with the sentence that a person reads. */
const INVARIANTS = {
  booksBalance: 'Books balance: all accounts of a currency sum to zero.',
  booksEqualStripe: 'Every balance equals an independent fold of the final objects at Stripe.',
  holdsAreTrue:
    'Holds are true: each account holds what its open authorizations hold, never less than nothing.',
  noOverspend: 'No decision approved more than there was.',
  oneAnswerPerRequest: 'A real-time request that is sent again gets the answer it had.',
  repeatsChangeNothing: 'Events delivered a second time changed nothing.',
  nothingLost: 'Every event that Stripe made was stored once and worked off.',
  freezingIsAtOnce: 'The first purchase after a freeze was declined.',
  oneOfEachAtStripe: 'No customer has two cardholders, no card two live cards at Stripe.',
  badInputChangesNothing: 'Wrong signatures and wrong bodies are refused and change nothing.',
  personalDataStaysOut: 'No name, address or contact is in Temporal or in the logs.',
  cardsReachTheirPhase: 'Every card ended in the phase it should.',
} as const;
export type InvariantName = keyof typeof INVARIANTS;

export interface DemoReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly cards: readonly {
    readonly id: string;
    readonly workflowId: string;
    readonly phases: readonly string[];
    readonly phase: string;
  }[];
  /** How many purchases of each kind were made. */
  readonly purchases: Readonly<Record<string, number>>;
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
  /** Only what was tried: without a frozen card, nothing is said of freezing. */
  readonly invariants: Readonly<Partial<Record<InvariantName, boolean>>>;
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
    ...report.cards.map(
      ({ phases }, index) =>
        `${index === 0 ? 'Cards ' : '      '}      ${String(index + 1).padStart(2)}  ${phases.join(' → ')}`,
    ),
    '',
    `Purchases   ${Object.entries(report.purchases)
      .map(([kind, n]) => `${n} ${kind}`)
      .join(', ')}`,
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
    ...Object.entries(INVARIANTS).map(([name, sentence]) => {
      const holds = report.invariants[name as InvariantName];
      return holds === undefined
        ? `  – not tried: ${sentence}`
        : `  ${holds ? '✓' : '✗'} ${sentence}`;
    }),
    '',
  ];
  return lines.join('\n');
}
