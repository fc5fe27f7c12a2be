/** Idempotency of the API: the same key with the same request gets the same answer; another request, a 409. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answers, EffectAnswer, KeyedRequest, StoredAnswer } from '../../ports/answers.ts';
import type { Records } from '../../ports/records.ts';
import { ApiError, ERRORS, errorBody, RepeatedError } from './errors.ts';

/** Set on an answer that was given before, as Stripe does. */
const REPEATED_HEADER = 'idempotent-replayed';
const HTTP_ERROR = 400;
const HTTP_SERVER_ERROR = 500;

/** The key of a request, and a hash of what is asked: method, path and body, whatever the order of its fields. */
export function keyedRequest(request: FastifyRequest): KeyedRequest {
  const header = request.headers['idempotency-key'];
  if (typeof header !== 'string') throw new ApiError('IDEMPOTENCY_KEY_MISSING');
  const text = `${request.method} ${request.url}\n${canonical(request.body)}`;
  return { key: header, hash: createHash('sha256').update(text).digest('hex') };
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/**
 * Runs the effect of a request in the transaction that stores its answer, or gives the stored answer again.
 * A refusal (an ApiError below 500) is an answer too: it is stored, and what the effect wrote is taken back.
 */
export async function answerOnce<T>(
  answers: Answers,
  reply: FastifyReply,
  status: number,
  effect: (records: Records) => Promise<T>,
): Promise<{ readonly body: T; readonly repeated: boolean }> {
  const outcome = await answers.once(
    keyedRequest(reply.request),
    refusable(async (records) => ({ status, body: await effect(records), undo: false })),
  );
  if (outcome.kind === 'mismatch') throw new ApiError('IDEMPOTENCY_KEY_REUSED');
  return { body: readAnswer<T>(reply, outcome), repeated: outcome.repeated };
}

/** Makes a refusal thrown by an effect its answer. */
export function refusable<A extends EffectAnswer | undefined>(
  effect: (records: Records) => Promise<A>,
): (records: Records) => Promise<A | EffectAnswer> {
  return async (records) => {
    try {
      return await effect(records);
    } catch (error) {
      if (!(error instanceof ApiError) || ERRORS[error.code].status >= HTTP_SERVER_ERROR) {
        throw error;
      }
      const body = errorBody(error.code, error.details);
      return { status: ERRORS[error.code].status, body, undo: true };
    }
  };
}

/** The body of a stored answer; a stored refusal ends the request as it did at first. */
export function readAnswer<T>(
  reply: FastifyReply,
  { answer, repeated }: { readonly answer: StoredAnswer; readonly repeated: boolean },
): T {
  if (repeated) reply.header(REPEATED_HEADER, 'true');
  if (answer.status >= HTTP_ERROR) throw new RepeatedError(answer.status, answer.body);
  return answer.body as T;
}
