/** Asks the decision function as the authorizer does: profile, rules, then Postgres. */
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { type AuthorizationRequest, evaluate } from '../../src/domain/decision.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Reply } from '../../src/ports/decision-store.ts';
import type { CardProgram } from './card-program.ts';
import { sampleRequest } from './sample-request.ts';
import { START_S } from './stripe-events.ts';

/** Nothing waits so long; a decision that comes too late would fail the test for nothing. */
const BUDGET_MS = 20_000;

export async function askDecision(
  sql: Sql,
  program: CardProgram,
  over: Partial<AuthorizationRequest>,
): Promise<Reply | undefined> {
  const store = createDecisionStore(() => sql, systemClock());
  const [tenant] = await sql<{ stripe_account: string | null }[]>`
    select stripe_account from tenants where tenant_id = ${program.tenantId}`;
  const request = sampleRequest({
    stripeCardId: program.stripeCardId,
    stripeAccount: tenant?.stripe_account ?? null,
    requestedS: START_S,
    ...over,
  });
  const profile = await store.loadProfile(request.stripeAccount, request.stripeCardId);
  const rule = evaluate(request, profile);
  const deadlineMs = Date.now() + BUDGET_MS;
  const [reply] = await store.decide([{ request, profile, rule, timings: {}, deadlineMs }]);
  return reply;
}
