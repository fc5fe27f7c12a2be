/** What went because it was old, and what is older than it should be and had to stay. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { DeletedRows, OldPart } from '../../adapters/postgres/retention-store.ts';

const MS_PER_SECOND = 1000;
const REASONS = ['pending', 'attention', 'busy'] as const;

export interface RetentionMetrics {
  ran(atMs: number, parts: readonly OldPart[], rows: readonly DeletedRows[]): void;
}

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const ranAt = new Gauge({
    name: 'issuing_retention_ran_timestamp_seconds',
    help: 'When this process last let go of what is old.',
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'issuing_inbox_months_dropped_total',
    help: 'Months of events that were dropped as a whole.',
    registers: [registry],
  });
  const kept = new Gauge({
    name: 'issuing_inbox_months_overdue',
    help: 'Months of events that are older than they are kept and had to stay, by what they had to stay for.',
    labelNames: ['reason'],
    registers: [registry],
  });
  const deleted = new Counter({
    name: 'issuing_retention_rows_total',
    help: 'Rows that were deleted because they were old, by kind.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return {
    ran(atMs, parts, rows) {
      ranAt.set(atMs / MS_PER_SECOND);
      dropped.inc(parts.filter(({ keptFor }) => keptFor === null).length);
      for (const reason of REASONS) {
        kept.set({ reason }, parts.filter(({ keptFor }) => keptFor === reason).length);
      }
      for (const { kind, deleted: count } of rows) deleted.inc({ kind }, count);
    },
  };
}
