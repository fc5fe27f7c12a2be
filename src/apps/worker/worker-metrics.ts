/** What the worker is doing, read when the metrics are. */
import type { Worker } from '@temporalio/worker';
import { Counter, Gauge } from 'prom-client';
import type { MetricsRegistry } from '../../platform/metrics.ts';

/** Counts what card workflows could not work with; each is an attention item `message_unusable` too. */
export function countUnusable(registry: MetricsRegistry): (count: number) => void {
  const counter = new Counter({
    name: 'issuing_worker_unusable_messages_total',
    help: 'Signals, facts and answers of activities that a card workflow could not work with',
    registers: [registry],
  });
  return (count) => counter.inc(count);
}

export function watchWorker(worker: Worker, registry: MetricsRegistry): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    // The registry keeps it; nothing else needs to hold it.
    void new Gauge({
      name: `issuing_worker_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('running', '1 while the worker polls for work', () =>
    worker.getState() === 'RUNNING' ? 1 : 0,
  );
  gauge(
    'activities_in_flight',
    'Activities under way',
    () => worker.getStatus().numInFlightActivities,
  );
  gauge(
    'workflow_tasks_in_flight',
    'Workflow activations under way',
    () => worker.getStatus().numInFlightWorkflowActivations,
  );
  gauge(
    'cached_workflows',
    'Workflows kept in memory',
    () => worker.getStatus().numCachedWorkflows,
  );
}
