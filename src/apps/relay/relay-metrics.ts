/** What an operator watches of the relay. */
import { Counter, type Registry } from 'prom-client';
import type { ApplyCounts } from '../../ports/event-application.ts';

export interface RelayMetrics {
  readonly errors: Counter;
  count(counts: ApplyCounts): void;
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const rows = new Counter({
    name: 'issuing_inbox_rows_total',
    help: 'Inbox rows worked off, by how they ended; parked rows are counted at each try.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return {
    errors: new Counter({
      name: 'issuing_relay_errors_total',
      help: 'Steps that failed and are tried again.',
      registers: [registry],
    }),
    count(counts) {
      rows.inc({ outcome: 'applied' }, counts.applied);
      rows.inc({ outcome: 'ignored' }, counts.ignored);
      rows.inc({ outcome: 'parked' }, counts.parked);
      rows.inc({ outcome: 'attention' }, counts.attention);
    },
  };
}
