/** What an operator watches of the relay. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ApplyCounts } from '../../ports/event-application.ts';

const MS_PER_SECOND = 1000;

export interface RelayMetrics {
  readonly errors: Counter;
  count(counts: ApplyCounts): void;
  /** Calls to Stripe for approvals that no view has shown. */
  readonly lookCalls: Counter;
  /** Approvals looked up, by what came of it. */
  readonly looks: Counter<'result'>;
  /** Events that the relay found in Stripe's list and no delivery had brought. */
  readonly caughtUp: Counter;
  rolledUp(atMs: number, waiting: number): void;
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const rows = new Counter({
    name: 'issuing_inbox_rows_total',
    help: 'Inbox rows worked off, by how they ended; parked rows are counted at each try.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const rolledUpAt = new Gauge({
    name: 'issuing_ledger_rolled_up_timestamp_seconds',
    help: 'When this process last rolled the ledger up; its age is the time since.',
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'issuing_ledger_postings_waiting',
    help: 'Postings too young to be rolled up; many mean that a transaction has been open for long.',
    registers: [registry],
  });
  return {
    errors: new Counter({
      name: 'issuing_relay_errors_total',
      help: 'Steps that failed and are tried again.',
      registers: [registry],
    }),
    lookCalls: new Counter({
      name: 'issuing_unconfirmed_hold_calls_total',
      help: 'Calls to Stripe that looked for approvals without an event.',
      registers: [registry],
    }),
    looks: new Counter({
      name: 'issuing_unconfirmed_hold_looks_total',
      help: 'Approvals without an event that were looked up, by what came of it.',
      labelNames: ['result'],
      registers: [registry],
    }),
    caughtUp: new Counter({
      name: 'issuing_caught_up_events_total',
      help: "Events that this process found in Stripe's list and that no delivery had brought.",
      registers: [registry],
    }),
    count(counts) {
      rows.inc({ outcome: 'applied' }, counts.applied);
      rows.inc({ outcome: 'ignored' }, counts.ignored);
      rows.inc({ outcome: 'parked' }, counts.parked);
      rows.inc({ outcome: 'attention' }, counts.attention);
    },
    rolledUp(atMs, waitingCount) {
      rolledUpAt.set(atMs / MS_PER_SECOND);
      waiting.set(waitingCount);
    },
  };
}
