/** What an operator watches of the real-time path; docs/authorizer.md says what each is good for. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FALLBACK_REASONS } from '../../domain/decision-reasons.ts';
import type { Watch } from './watch.ts';

/** Buckets are close around the 350 ms of Postgres, the budget of 500 ms and Stripe's limit of 2 s. */
const ANSWER_BUCKETS_S = [
  0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.75, 1, 2,
];
/** A call is given up after 450 ms; what is slower than 50 ms is worth telling apart. */
const CALL_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.45, 1];
/** A call carries 200 questions at most. */
const QUESTIONS_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200];

/** What is looked at when the metrics are read. */
export interface Gauges {
  /** Questions that wait for their call, or for an account that is locked. */
  readonly waiting: () => number;
  readonly profiles: () => number;
  /** Connections to Postgres that are allowed. */
  readonly connections: () => number;
  /** Calls of Postgres under way, each on a connection of its own. */
  readonly callsUnderWay: () => number;
}

export interface AuthorizerMetrics {
  readonly latency: Histogram<'source'>;
  readonly decisions: Counter<'approved' | 'reason'>;
  readonly fallbacks: Counter<'reason'>;
  readonly refused: Counter<'cause'>;
  /** Counts what happens inside of the real-time path. */
  readonly watch: Watch;
  /** Adds the gauges, once there is something to look at. */
  show(gauges: Gauges): void;
}

export const createAuthorizerMetrics = (registry: Registry): AuthorizerMetrics => ({
  ...answerMetrics(registry),
  watch: createWatch(callMetrics(registry), sideMetrics(registry)),
  show: (gauges) => showGauges(registry, gauges),
});

function createWatch(
  calls: ReturnType<typeof callMetrics>,
  sides: ReturnType<typeof sideMetrics>,
): Watch {
  return {
    call(questions, seconds, result) {
      calls.questions.observe(questions);
      calls.seconds.observe({ result }, seconds);
    },
    busy: () => calls.busy.inc(),
    stale: () => calls.stale.inc(),
    late: () => calls.late.inc(),
    shed: () => calls.shed.inc(),
    reconnect: () => calls.reconnects.inc(),
    profile: (source) => sides.profileLookups.inc({ source }),
    recorded: (answers, result) => sides.answersRecorded.inc({ result }, answers),
  };
}

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
  fallbacks: fallbackCounter(registry),
  refused: new Counter({
    name: 'issuing_decision_requests_refused_total',
    help: 'Requests without a recorded decision, by cause: signature, wrong_account, wrong_endpoint, not_an_event, malformed, too_large (all 4xx), no_id (a decline).',
    labelNames: ['cause'] as const,
    registers: [registry],
  }),
});

function fallbackCounter(registry: Registry): Counter<'reason'> {
  const counter = new Counter({
    name: 'issuing_decision_fallbacks_total',
    help: 'Declines that Postgres had no part in, by reason.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  // What is counted from 0 on shows its first time as an increase.
  for (const reason of FALLBACK_REASONS) counter.inc({ reason }, 0);
  return counter;
}

const callMetrics = (registry: Registry) => ({
  shed: new Counter({
    name: 'issuing_decision_shed_total',
    help: 'Requests declined at once, because more were waiting than can be answered in time.',
    registers: [registry],
  }),
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
  questions: new Histogram({
    name: 'issuing_decision_call_questions',
    help: 'Questions that one call of Postgres decided together.',
    buckets: QUESTIONS_BUCKETS,
    registers: [registry],
  }),
  seconds: new Histogram({
    name: 'issuing_decision_call_seconds',
    help: 'Time of one call of Postgres, by result: answered, failed, or given_up.',
    labelNames: ['result'] as const,
    buckets: CALL_BUCKETS_S,
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
    help: 'Card profiles looked up, by source: memory, or postgres where it was not in memory.',
    labelNames: ['source'] as const,
    registers: [registry],
  }),
  answersRecorded: new Counter({
    name: 'issuing_answers_recorded_total',
    help: 'Answers whose time and outcome were written to their decision, or dropped, by result.',
    labelNames: ['result'] as const,
    registers: [registry],
  }),
});

function showGauges(
  registry: Registry,
  { waiting, profiles, connections, callsUnderWay }: Gauges,
): void {
  const gauge = (name: string, help: string, look: () => number): void => {
    const shown: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => shown.set(look()),
    });
  };
  gauge('issuing_decisions_waiting', 'Questions that wait for Postgres.', waiting);
  gauge('issuing_profiles_cached', 'Card profiles in memory.', profiles);
  gauge('issuing_database_connections_max', 'Connections to Postgres allowed.', connections);
  gauge('issuing_database_calls_under_way', 'Calls of Postgres under way.', callsUnderWay);
}
