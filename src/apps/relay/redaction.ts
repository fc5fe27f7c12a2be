/**
 * Has Stripe Identity forget what customers showed, once the verdict is old enough. The verdict itself stays: the events
 * that follow a redaction change nothing. Each call may be repeated, so several relays do no harm.
 */

import type { Sql } from '../../adapters/postgres/pool.ts';
import {
  type DueRedaction,
  dueRedactions,
  forgetRequests,
  markRedacted,
} from '../../adapters/postgres/redaction-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KycRedactor } from '../../ports/kyc-provider.ts';
import { createBackoff } from './backoff.ts';

/** Calls of a step, one after the other: nobody waits for them, and Stripe's limit is shared with who does. */
const REDACTIONS_PER_STEP_MAX = 10;

/** Requests emptied by one statement. */
const REQUESTS_PER_STEP_MAX = 500;

/** Has us forget what providers were asked, once that is old; true when more may be due. */
export const createForgetRound = (sql: Sql, clock: Clock) => async (): Promise<boolean> => {
  const options = { nowMs: clock.nowMs(), limit: REQUESTS_PER_STEP_MAX };
  return (await forgetRequests(sql, options)) === REQUESTS_PER_STEP_MAX;
};

export interface RedactionOptions {
  readonly clock: Clock;
  readonly isStopping?: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Takes the next step; true when more may be due. */
export function createRedactionRound(
  sql: Sql,
  redactor: KycRedactor,
  { clock, isStopping, onError }: RedactionOptions,
): () => Promise<boolean> {
  /** A check that cannot be redacted now steps aside for the others. */
  const backoff = createBackoff(() => clock.nowMs());

  async function redact({ tenant, reference }: DueRedaction): Promise<void> {
    try {
      const outcome = await redactor.redact(tenant, reference);
      if (outcome === 'not_yet') return backoff.failed(reference);
      await markRedacted(sql, { tenantId: tenant.tenantId, reference });
      backoff.succeeded(reference);
    } catch (error) {
      backoff.failed(reference);
      onError(error);
    }
  }

  return async () => {
    const due = await dueRedactions(sql, {
      nowMs: clock.nowMs(),
      limit: REDACTIONS_PER_STEP_MAX,
      except: backoff.waiting(),
    });
    for (const one of due) {
      if (isStopping?.() === true) return false;
      await redact(one);
    }
    return due.length === REDACTIONS_PER_STEP_MAX;
  };
}
