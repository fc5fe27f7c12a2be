/** What an operator watches of the real-time path; docs/authorizer.md says what each is good for. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Buckets are close around the 350 ms of Postgres, the budget of 500 ms and Stripe's limit of 2 s. */
const ANSWER_BUCKETS_S = [
  0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.75, 1, 2,
];
/** A call is given up after 450 ms; what is slower than 50 ms is worth telling apart. */
const CALL_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.45, 1];
/** A call carries 200 questions at most. */
const QUESTIONS_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200];

/** What is looked at when the metrics are read. */
export interface Watched {
  /** Questions that wait for their call, or for an account that is locked. */
  readonly waiting: () => number;
  readonly profiles: () => number;
  /** Connections to Postgres that are allowed, and those that are busy now; null where that is not known. */
  readonly pool: () => { readonly size: number; readonly inUse: number } | null;
}

export interface AuthorizerMetrics {
  readonly latency: Histogram<'source'>;
  readonly decisions: Counter<'approved' | 'reason'>;
  readonly fallbacks: Counter<'reason'>;
  readonly refused: Counter<'cause'>;
  readonly shed: Counter;
  readonly busy: Counter;
  readonly stale: Counter;
  readonly late: Counter;
  readonly questionsPerCall: Histogram;
  readonly callSeconds: Histogram;
  readonly callsGivenUp: Counter;
  readonly reconnects: Counter;
  readonly profileLookups: Counter<'result'>;
  readonly answersRecorded: Counter;
  readonly answersDropped: Counter;
  /** Says where the gauges look; until then they show nothing. */
  watch(watched: Watched): void;
}

export const createAuthorizerMetrics = (registry: Registry): AuthorizerMetrics => ({
  ...answerMetrics(registry),
  ...callMetrics(registry),
  ...sideMetrics(registry),
  watch: (watched) => watchGauges(registry, watched),
});

const answerMetrics = (registry: Registry) => ({
  latency: new Histogram({
    name: 'issuing_decision_seconds',
    help: 'Time from receiving an authorization request to its answer, by who answered: postgres or fallback.',
    labelNames: ['source'] as const,
    buckets: ANSWER_BUCKETS_S,
    registers: [registry],
  }),
  decisions: new Counter({
    name: 'issuing_decisions_total',
    help: 'Answers to authorization requests, by outcome and reason.',
    labelNames: ['approved', 'reason'] as const,
    registers: [registry],
  }),
  fallbacks: new Counter({
    name: 'issuing_decision_fallbacks_total',
    help: 'Declines that Postgres had no part in, by reason.',
    labelNames: ['reason'] as const,
    registers: [registry],
  }),
  refused: new Counter({
    name: 'issuing_decision_requests_refused_total',
    help: 'Requests without a recorded decision, by cause: signature, wrong_account, wrong_endpoint, not_an_event, malformed, too_large (all 4xx), no_id (a decline).',
    labelNames: ['cause'] as const,
    registers: [registry],
  }),
  shed: new Counter({
    name: 'issuing_decision_shed_total',
    help: 'Requests declined at once, because more were waiting than can be answered in time.',
    registers: [registry],
  }),
});

const callMetrics = (registry: Registry) => ({
  busy: new Counter({
    name: 'issuing_decision_busy_total',
    help: 'Questions that found their account locked by somebody else, each time they were asked.',
    registers: [registry],
  }),
  stale: new Counter({
    name: 'issuing_decision_stale_total',
    help: 'Questions asked with a profile that was older than the rows, and asked again with the fresh one.',
    registers: [registry],
  }),
  late: new Counter({
    name: 'issuing_decision_late_total',
    help: 'Questions whose deadline passed before Postgres decided them.',
    registers: [registry],
  }),
  questionsPerCall: new Histogram({
    name: 'issuing_decision_call_questions',
    help: 'Questions that one call of Postgres decided together.',
    buckets: QUESTIONS_BUCKETS,
    registers: [registry],
  }),
  callSeconds: new Histogram({
    name: 'issuing_decision_call_seconds',
    help: 'Time of one call of Postgres.',
    buckets: CALL_BUCKETS_S,
    registers: [registry],
  }),
  callsGivenUp: new Counter({
    name: 'issuing_decision_calls_given_up_total',
    help: 'Calls of Postgres that did not come back in time.',
    registers: [registry],
  }),
  reconnects: new Counter({
    name: 'issuing_database_reconnects_total',
    help: 'Times that all connections to Postgres were given up and made anew.',
    registers: [registry],
  }),
});

const sideMetrics = (registry: Registry) => ({
  profileLookups: new Counter({
    name: 'issuing_profile_lookups_total',
    help: 'Card profiles looked up, by result: hit in memory, or miss and read from Postgres.',
    labelNames: ['result'] as const,
    registers: [registry],
  }),
  answersRecorded: new Counter({
    name: 'issuing_answers_recorded_total',
    help: 'Answers whose time and outcome were written to their decision.',
    registers: [registry],
  }),
  answersDropped: new Counter({
    name: 'issuing_answers_dropped_total',
    help: 'Answers that were not written to their decision, because Postgres was away or too many waited.',
    registers: [registry],
  }),
});

function watchGauges(registry: Registry, { waiting, profiles, pool }: Watched): void {
  const gauge = (name: string, help: string, look: () => number | undefined): void => {
    const shown: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => shown.set(look() ?? Number.NaN),
    });
  };
  gauge('issuing_decisions_waiting', 'Questions that wait for Postgres.', waiting);
  gauge('issuing_profiles_cached', 'Card profiles in memory.', profiles);
  gauge('issuing_database_pool_connections', 'Connections to Postgres that are allowed.', () => {
    return pool()?.size;
  });
  gauge('issuing_database_pool_busy', 'Connections to Postgres that are in use.', () => {
    return pool()?.inUse;
  });
}
