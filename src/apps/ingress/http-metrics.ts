/** How long requests take, and what became of webhooks. Labels are route patterns, never ids. */
import { Counter, Histogram } from 'prom-client';
import type { MetricsRegistry } from '../../platform/metrics.ts';
import type { App } from './ingress-ports.ts';

const MS_PER_SECOND = 1000;
/** From a stored event on an idle machine to the deadlines of this process; seconds. */
const LATENCY_BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

export function measureRequests(app: App, metrics: MetricsRegistry): void {
  const latency = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS_S,
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    latency.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / MS_PER_SECOND,
    );
  });
}

const OUTCOMES = ['stored', 'duplicate', 'ignored', 'refused', 'unavailable'] as const;
export type WebhookOutcome = (typeof OUTCOMES)[number];

const SENDERS = ['stripe', 'kyc'] as const;
/** Who signed it, or should have. */
export type WebhookSender = (typeof SENDERS)[number];

export function createWebhookCounter(
  metrics: MetricsRegistry,
): (sender: WebhookSender, outcome: WebhookOutcome) => void {
  const counter = new Counter({
    name: 'webhooks_received_total',
    help: 'Webhook deliveries by sender and what became of them',
    labelNames: ['sender', 'outcome'],
    registers: [metrics],
  });
  // What is counted from 0 on shows its first time as an increase.
  for (const sender of SENDERS) for (const outcome of OUTCOMES) counter.inc({ sender, outcome }, 0);
  return (sender, outcome) => counter.inc({ sender, outcome });
}
