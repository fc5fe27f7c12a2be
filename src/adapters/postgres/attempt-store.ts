/** Business attempts in Postgres: the frozen request is here before it is sent anywhere. */
import type { Attempt, AttemptKey, AttemptStep, AttemptStore } from '../../ports/attempt-store.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';
import { jsonText } from './json-column.ts';
import type { Sql } from './pool.ts';

interface AttemptRow {
  readonly subject_id: string;
  readonly step: AttemptStep;
  readonly attempt: number;
  readonly idempotency_key: string;
  readonly request: FrozenRequest;
  readonly started_at: Date;
  readonly spoiled: boolean;
  readonly result_id: string | null;
  readonly refusal: { readonly code: string; readonly param?: string | null } | null;
}

export const createAttemptStore = (sql: Sql): AttemptStore => ({
  async latest(subjectId, step) {
    const [row] = await sql<AttemptRow[]>`
      select * from stripe_attempts where subject_id = ${subjectId} and step = ${step}
      order by attempt desc limit 1`;
    return row === undefined ? undefined : attemptFrom(row);
  },
  async begin(attempt) {
    const { tenantId, subjectId, step, idempotencyKey } = attempt;
    await sql`
      insert into stripe_attempts
        (tenant_id, subject_id, step, attempt, idempotency_key, request, started_at)
      values (${tenantId}, ${subjectId}, ${step}, ${attempt.attempt}, ${idempotencyKey},
              ${jsonText(attempt.request)}::text::jsonb, ${new Date(attempt.startedAtMs)})
      on conflict (subject_id, step, attempt) do nothing`;
    return stored(sql, attempt);
  },
  async spoil({ subjectId, step, attempt }) {
    await sql`
      update stripe_attempts set spoiled = true
      where subject_id = ${subjectId} and step = ${step} and attempt = ${attempt}
        and finished_at is null`;
  },
  async finish({ subjectId, step, attempt }, outcome) {
    const resultId = outcome.kind === 'made' ? outcome.resultId : null;
    const refusal =
      outcome.kind === 'refused' ? jsonText({ code: outcome.code, param: outcome.param }) : null;
    await sql`
      update stripe_attempts
      set result_id = ${resultId}, refusal = ${refusal}::text::jsonb, finished_at = now()
      where subject_id = ${subjectId} and step = ${step} and attempt = ${attempt}
        and finished_at is null`;
  },
});

async function stored(sql: Sql, { subjectId, step, attempt }: AttemptKey): Promise<Attempt> {
  const [row] = await sql<AttemptRow[]>`
    select * from stripe_attempts
    where subject_id = ${subjectId} and step = ${step} and attempt = ${attempt}`;
  if (row === undefined) throw new Error(`attempt ${subjectId}/${step}/${attempt} was not stored`);
  return attemptFrom(row);
}

function attemptFrom(row: AttemptRow): Attempt {
  return {
    subjectId: row.subject_id,
    step: row.step,
    attempt: row.attempt,
    idempotencyKey: row.idempotency_key,
    request: row.request,
    startedAtMs: row.started_at.getTime(),
    spoiled: row.spoiled,
    outcome: outcomeOf(row),
  };
}

function outcomeOf({ result_id: resultId, refusal }: AttemptRow): Attempt['outcome'] {
  if (resultId !== null) return { kind: 'made', resultId };
  if (refusal !== null) {
    return { kind: 'refused', code: refusal.code, param: refusal.param ?? null };
  }
  return { kind: 'open' };
}
