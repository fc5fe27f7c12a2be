/** Asks the decision function as the authorizer does: profile, rules, then Postgres. */
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { evaluate } from '../../src/domain/decision.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { DecisionStore, Question, Reply, Timings } from '../../src/ports/decision-store.ts';
import { sampleRequest } from './sample-request.ts';
import { START_S } from './stripe-events.ts';

/** Nothing waits so long; a decision that comes too late would fail the test for nothing. */
export const BUDGET_MS = 60_000;

export const TIMINGS: Timings = {
  receivedAt: '2026-03-18T15:00:00.000Z',
  verifiedMs: 0.4,
  profileMs: 0.5,
};

export async function questionOf(
  store: Pick<DecisionStore, 'loadProfiles'>,
  request: AuthorizationRequest,
): Promise<Question> {
  const [profile = null] = await store.loadProfiles([request]);
  return {
    request,
    profile,
    rule: evaluate(request, profile),
    timings: TIMINGS,
    deadlineMs: Date.now() + BUDGET_MS,
  };
}

export async function askStore(
  store: DecisionStore,
  request: AuthorizationRequest,
): Promise<Reply> {
  const [reply] = await store.decide([await questionOf(store, request)]);
  if (reply === undefined) throw new Error('a question has an answer');
  return reply;
}

export async function askDecision(
  sql: Sql,
  program: Readonly<Record<'tenantId' | 'stripeCardId', string>>,
  over: Partial<AuthorizationRequest>,
): Promise<Reply> {
  const [tenant] = await sql<{ stripe_account: string | null }[]>`
    select stripe_account from tenants where tenant_id = ${program.tenantId}`;
  const request = sampleRequest({
    stripeCardId: parseStripeCardId(program.stripeCardId),
    stripeAccount: tenant?.stripe_account ?? null,
    requestedS: START_S,
    ...over,
  });
  return askStore(
    createDecisionStore(() => sql, systemClock()),
    request,
  );
}
