/** What an operator watches of the real-time path. */
import { Counter, Histogram, type Registry } from 'prom-client';

/** Buckets are close around the budget of 500 ms and Stripe's limit of 2 s. */
const LATENCY_BUCKETS_S = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2];

export interface AuthorizerMetrics {
  readonly latency: Histogram;
  readonly decisions: Counter<'approved' | 'reason'>;
  readonly refused: Counter<'cause'>;
}

export const createAuthorizerMetrics = (registry: Registry): AuthorizerMetrics => ({
  latency: new Histogram({
    name: 'issuing_decision_seconds',
    help: 'Time from receiving an authorization request to its answer.',
    buckets: LATENCY_BUCKETS_S,
    registers: [registry],
  }),
  decisions: new Counter({
    name: 'issuing_decisions_total',
    help: 'Answers to authorization requests, by outcome and reason.',
    labelNames: ['approved', 'reason'],
    registers: [registry],
  }),
  refused: new Counter({
    name: 'issuing_decision_requests_refused_total',
    help: 'Requests that were not answered with a decision: wrong signature, unreadable, wrong account.',
    labelNames: ['cause'],
    registers: [registry],
  }),
});
