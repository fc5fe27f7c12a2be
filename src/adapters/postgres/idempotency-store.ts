/**
 * Answers by Idempotency-Key. The key's row is inserted first: a second request with the key waits on the
 * unique index until the first transaction ends, and then finds either its answer or a free key.
 */
import { invariant } from '../../domain/invariant.ts';
import type { Answers, EffectAnswer, KeyedRequest, StoredAnswer } from '../../ports/answers.ts';
import { jsonText } from './json-column.ts';
import type { Sql, Transaction } from './pool.ts';
import { createRecords } from './records.ts';

/**
 * Every API key belongs to the same company, so keys of all of them share one space: a service whose API key
 * was rotated between two tries still gets its first answer.
 */
const CALLER = 'api';

interface KeyRow {
  request_hash: string;
  status: number | null;
  body: unknown;
}

/** Carries an answer out of a savepoint that is to be rolled back. */
class Undone extends Error {
  readonly answer: EffectAnswer;
  constructor(answer: EffectAnswer) {
    super('undone');
    this.answer = answer;
  }
}

export function createAnswers(sql: Sql): Answers {
  return {
    once: (request, effect) =>
      sql.begin(async (tx) => {
        const row = await takeKey(tx, request);
        if (row.request_hash !== request.hash) return { kind: 'mismatch' as const };
        const earlier = answerOf(row);
        if (earlier !== undefined) {
          return { kind: 'answered' as const, answer: earlier, repeated: true };
        }
        const answer = await inSavepoint(tx, (records) => effect(records));
        invariant(answer !== undefined, 'an effect answers');
        await storeAnswer(tx, request, answer);
        return { kind: 'answered' as const, answer, repeated: false };
      }),

    begin: (request, prepare) =>
      sql.begin(async (tx) => {
        const row = await takeKey(tx, request);
        if (row.request_hash !== request.hash) return { kind: 'mismatch' as const };
        const earlier = answerOf(row);
        if (earlier !== undefined) {
          return { kind: 'answered' as const, answer: earlier, repeated: true };
        }
        if (!row.taken_now) return { kind: 'open' as const, repeated: true };
        const answer = await inSavepoint(tx, prepare);
        if (answer === undefined) return { kind: 'open' as const, repeated: false };
        await storeAnswer(tx, request, answer);
        return { kind: 'answered' as const, answer, repeated: false };
      }),

    finish: (request, effect) =>
      sql.begin(async (tx) => {
        const [row] = await tx<KeyRow[]>`
          select request_hash, status, body from idempotency_keys
           where caller = ${CALLER} and key = ${request.key} for update`;
        invariant(row !== undefined, `key ${request.key} was taken before it is finished`);
        const earlier = answerOf(row);
        if (earlier !== undefined) return earlier;
        const answer = await effect(createRecords(tx));
        await storeAnswer(tx, request, answer);
        return answer;
      }),
  };
}

async function takeKey(
  tx: Transaction,
  request: KeyedRequest,
): Promise<KeyRow & { taken_now: boolean }> {
  const taken = await tx`
    insert into idempotency_keys (caller, key, request_hash)
    values (${CALLER}, ${request.key}, ${request.hash}) on conflict do nothing returning 1`;
  const [row] = await tx<KeyRow[]>`
    select request_hash, status, body from idempotency_keys
     where caller = ${CALLER} and key = ${request.key}`;
  invariant(row !== undefined, 'a key that could not be inserted is there');
  return { ...row, taken_now: taken.length === 1 };
}

const answerOf = (row: KeyRow): StoredAnswer | undefined =>
  row.status === null ? undefined : { status: row.status, body: row.body };

/** Runs the effect in a savepoint, so that a refusal can be stored while what it wrote is taken back. */
async function inSavepoint(
  tx: Transaction,
  effect: (records: ReturnType<typeof createRecords>) => Promise<EffectAnswer | undefined>,
): Promise<EffectAnswer | undefined> {
  try {
    return await tx.savepoint(async (inner) => {
      const answer = await effect(createRecords(inner));
      if (answer?.undo === true) throw new Undone(answer);
      return answer;
    });
  } catch (error) {
    if (error instanceof Undone) return error.answer;
    throw error;
  }
}

async function storeAnswer(
  tx: Transaction,
  request: KeyedRequest,
  { status, body }: StoredAnswer,
): Promise<void> {
  await tx`
    update idempotency_keys set status = ${status}, body = ${jsonText(body)}::text::jsonb
     where caller = ${CALLER} and key = ${request.key}`;
}
