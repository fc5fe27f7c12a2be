/**
 * Makes one thing at Stripe, however often it is tried and whatever was interrupted. The request is frozen and
 * stored before it is sent; a repeat sends the same body under the same key. When the key can no longer be
 * trusted (too old, or a 500 is stored under it), what the call may have made is looked for and adopted, and
 * only when nothing is there does the next attempt begin.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { TenantId } from '../src/domain/ids.ts';
import { IDEMPOTENCY_KEY_TRUSTED_MS } from '../src/domain/limits.ts';
import type { StripeRefusal } from '../src/domain/stripe-refusals.ts';
import type { Attempt, AttemptStep, AttemptStore } from '../src/ports/attempt-store.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { FrozenRequest, IssuerAnswer } from '../src/ports/issuer.ts';

/** Recorded for an attempt whose key is given up and under which nothing was made. */
const ABANDONED = 'abandoned';

export interface Creation<T> {
  readonly tenantId: TenantId;
  /** Our id of what it is made for. */
  readonly subjectId: string;
  readonly step: AttemptStep;
  draft(attempt: number): FrozenRequest;
  send(request: FrozenRequest, idempotencyKey: string): Promise<IssuerAnswer<T>>;
  /** Looks at Stripe for what an attempt made; undefined when there is nothing. */
  find(attempt: Attempt): Promise<T | undefined>;
  /** Reads what a finished attempt made; undefined when it no longer serves, so that another is to be made. */
  reuse(resultId: string, attempt: Attempt): Promise<T | undefined>;
  idOf(made: T): string;
}

export type Created<T> =
  | { readonly kind: 'made'; readonly made: T; readonly attempt: number }
  | ({ readonly kind: 'refused' } & StripeRefusal);

export interface CreationPorts {
  readonly attempts: AttemptStore;
  readonly clock: Clock;
}

/** @throws a retryable failure when the outcome is open; the repeat takes up the same attempt. */
export async function createOnce<T>(
  ports: CreationPorts,
  creation: Creation<T>,
): Promise<Created<T>> {
  const { attempts } = ports;
  const latest = await attempts.latest(creation.subjectId, creation.step);
  if (latest?.outcome.kind === 'made') {
    const made = await creation.reuse(latest.outcome.resultId, latest);
    if (made !== undefined) return { kind: 'made', made, attempt: latest.attempt };
  }
  const attempt =
    latest?.outcome.kind === 'open' ? latest : await begin(ports, creation, latest?.attempt ?? 0);
  if (attempt.outcome.kind !== 'open') {
    // Another card of the same holder began, and finished, the same attempt meanwhile.
    throw ApplicationFailure.retryable(
      'another caller has settled this attempt',
      'ATTEMPT_SETTLED',
    );
  }
  if (!isTrusted(attempt, ports.clock.nowMs())) {
    const found = await creation.find(attempt);
    if (found !== undefined) return settleMade(ports, creation, attempt, found);
    await attempts.finish(attempt, { kind: 'refused', code: ABANDONED, param: null });
    return sendAttempt(ports, creation, await begin(ports, creation, attempt.attempt));
  }
  return sendAttempt(ports, creation, attempt);
}

const isTrusted = (attempt: Attempt, nowMs: number): boolean =>
  !attempt.spoiled && nowMs - attempt.startedAtMs < IDEMPOTENCY_KEY_TRUSTED_MS;

function begin<T>(ports: CreationPorts, creation: Creation<T>, previous: number): Promise<Attempt> {
  const { tenantId, subjectId, step } = creation;
  const attempt = previous + 1;
  return ports.attempts.begin({
    tenantId,
    subjectId,
    step,
    attempt,
    idempotencyKey: `${subjectId}/${step}/${attempt}`,
    request: creation.draft(attempt),
    startedAtMs: ports.clock.nowMs(),
  });
}

async function sendAttempt<T>(
  ports: CreationPorts,
  creation: Creation<T>,
  attempt: Attempt,
): Promise<Created<T>> {
  const answer = await creation.send(attempt.request, attempt.idempotencyKey);
  switch (answer.kind) {
    case 'made':
      return settleMade(ports, creation, attempt, answer.made);
    case 'refused':
      await ports.attempts.finish(attempt, answer);
      return answer;
    case 'spoiled':
      await ports.attempts.spoil(attempt);
      throw ApplicationFailure.retryable(
        `${attempt.idempotencyKey} is spoiled; what it made is looked for next`,
        'KEY_SPOILED',
      );
  }
}

async function settleMade<T>(
  ports: CreationPorts,
  creation: Creation<T>,
  attempt: Attempt,
  made: T,
): Promise<Created<T>> {
  await ports.attempts.finish(attempt, { kind: 'made', resultId: creation.idOf(made) });
  return { kind: 'made', made, attempt: attempt.attempt };
}
