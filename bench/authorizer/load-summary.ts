/** What a record of sent requests says. */
import type { Answer, LoadPlan, LoadResult } from './load-plan.ts';
import type { LoadRecord } from './load-run.ts';

/** Our own budget for an answer. */
const BUDGET_MS = 500;
const HTTP_OK = 200;
/** The note that comes with an answer: `dec_… REASON`, or the reason alone when Postgres had no part in it. */
const NOTE = /(dec_[A-Za-z0-9]+)?\s*\b([A-Z][A-Z_]+)\b/;

export function summarize(plan: LoadPlan, record: LoadRecord, cpuMs: number): LoadResult {
  const answers = plan.asked.map((asked, index) => toAnswer(asked.requestId, record, index));
  const percentile = percentilesOf(answers);
  const outcomes: { [name: string]: number } = {};
  for (const { outcome } of answers) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    requests: answers.length,
    seconds: record.seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    p999: percentile(0.999),
    max: percentile(1),
    outcomes,
    approved: answers.filter(({ approved }) => approved).length,
    decided: answers.filter(({ decisionId }) => decisionId !== null).length,
    late: answers.filter(({ tookMs }) => tookMs > BUDGET_MS).length,
    sentLateMaxMs: round(
      record.sentMs.reduce(
        (most, sent, index) => Math.max(most, sent - at(record.askedMs, index)),
        0,
      ),
    ),
    connections: record.connections,
    cpuMs,
    answers: plan.keepAnswers ? answers : [],
  };
}

const at = (values: Float64Array, index: number): number => values[index] ?? 0;
const round = (ms: number): number => Math.round(ms * 100) / 100;

/** The time that so large a share of the answers did not exceed, in milliseconds. */
export function percentilesOf(answers: readonly Answer[]): (share: number) => number {
  const took = Float64Array.from(answers, (answer) => answer.tookMs).toSorted();
  return (share) => round(took[Math.min(took.length, Math.ceil(took.length * share)) - 1] ?? 0);
}

function toAnswer(requestId: string, record: LoadRecord, index: number): Answer {
  const status = record.statuses[index] ?? 0;
  const askedMs = at(record.askedMs, index);
  const timing = {
    askedAtMs: record.startedAtMs + askedMs,
    tookMs: at(record.answeredMs, index) - askedMs,
  };
  const none = { requestId, status, approved: false, decisionId: null, ...timing };
  if (status === 0) return { ...none, outcome: 'NO_ANSWER' };
  if (status !== HTTP_OK) return { ...none, outcome: `HTTP_${status}` };
  const { approved, metadata } = JSON.parse(record.bodies[index] ?? '{}') as {
    readonly approved: boolean;
    readonly metadata?: Readonly<{ [name: string]: string }>;
  };
  const [, decisionId = null, reason = 'NO_REASON'] = NOTE.exec(metadata?.[requestId] ?? '') ?? [];
  return { ...none, approved, decisionId, outcome: reason };
}
