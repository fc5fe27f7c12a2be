/** What is kept of an answer once it has left: a line in the log, metrics, a trace, and its time beside the decision. */
import type { AskedRequest } from '../../domain/authorization-request.ts';
import type { Logger } from '../../platform/logger.ts';
import type { FinishedSpan, Tracing } from '../../platform/tracing.ts';
import type { GivenAnswer } from '../../ports/decision-store.ts';
import type { AuthorizerMetrics } from './authorizer-metrics.ts';
import type { Arrival, DecisionAnswer } from './decider.ts';

/** Times are those of the clock, in milliseconds. */
export interface AnsweredRequest {
  readonly request: AskedRequest;
  readonly answer: DecisionAnswer;
  readonly arrival: Arrival;
  readonly answeredMs: number;
  /** The caller's trace, as its header tells it. */
  readonly traceparent: string | string[] | undefined;
}

/** Never throws: the answer has been given. */
export type DecisionRecord = (answered: AnsweredRequest) => void;

export interface DecisionRecordDependencies {
  readonly metrics: AuthorizerMetrics;
  readonly logger: Logger;
  readonly answers: { add(answer: GivenAnswer): void };
  /** Null where no collector is configured. */
  readonly tracing: Pick<Tracing, 'record'> | null;
}

export function createDecisionRecord(deps: DecisionRecordDependencies): DecisionRecord {
  const { metrics, logger, answers, tracing } = deps;
  return (answered) => {
    try {
      count(metrics, answered);
      logger.info(lineOf(answered), 'decided');
      answers.add(givenAnswer(answered));
      tracing?.record(spanOf(answered));
    } catch (error) {
      logger.error({ err: error }, 'an answer was given, but not recorded');
    }
  };
}

/** To a microsecond: fractions beyond are the clock's own. */
const elapsedMs = (fromMs: number, toMs: number): number =>
  Math.round((toMs - fromMs) * 1_000) / 1_000;

function count(metrics: AuthorizerMetrics, { answer, arrival, answeredMs }: AnsweredRequest): void {
  const { approved, reason, decisionId } = answer;
  const source = decisionId === null ? 'fallback' : 'postgres';
  metrics.latency.observe({ source }, (answeredMs - arrival.receivedMs) / 1000);
  metrics.decisions.inc({ approved: String(approved), reason });
  if (source === 'fallback') metrics.fallbacks.inc({ reason });
}

/** Ids and times only: who bought what, where and for how much is no business of a log. */
function lineOf({ request, answer, arrival, answeredMs }: AnsweredRequest) {
  return {
    requestId: request.requestId,
    authorizationId: request.authorizationId,
    decisionId: answer.decisionId,
    approved: answer.approved,
    reason: answer.reason,
    ...(request.kind === 'unreadable' ? { problem: request.problem } : {}),
    verifiedMs: elapsedMs(arrival.receivedMs, arrival.verifiedMs),
    profileMs: answer.profileMs,
    databaseMs: answer.databaseMs,
    tookMs: elapsedMs(arrival.receivedMs, answeredMs),
  };
}

function givenAnswer({ request, answer, arrival, answeredMs }: AnsweredRequest): GivenAnswer {
  const { requestId, stripeAccount } = request;
  const { decisionId, approved, reason, databaseMs } = answer;
  return {
    requestId,
    stripeAccount,
    decisionId,
    approved,
    reason,
    timings: { databaseMs, answeredMs: elapsedMs(arrival.receivedMs, answeredMs) },
    answeredAt: new Date(answeredMs).toISOString(),
  };
}

/** A span for the whole, and one for each step that was reached. */
function spanOf({
  request,
  answer,
  arrival,
  answeredMs,
  traceparent,
}: AnsweredRequest): FinishedSpan {
  const { receivedMs, verifiedMs } = arrival;
  const ends = [
    ['verify', verifiedMs],
    ['profile', answer.profileMs === null ? null : receivedMs + answer.profileMs],
    ['database', answer.databaseMs === null ? null : receivedMs + answer.databaseMs],
  ] as const;
  let startMs = receivedMs;
  const children = ends.flatMap(([name, endMs]) => {
    if (endMs === null) return [];
    const child = { name, startMs, endMs };
    startMs = endMs;
    return [child];
  });
  return {
    name: 'authorization request',
    startMs: receivedMs,
    endMs: answeredMs,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    failure: answer.decisionId === null ? answer.reason : undefined,
    attributes: {
      'issuing.request_id': request.requestId,
      'issuing.authorization_id': request.authorizationId ?? undefined,
      'issuing.decision_id': answer.decisionId ?? undefined,
      'issuing.approved': answer.approved,
      'issuing.reason': answer.reason,
    },
    children,
  };
}
