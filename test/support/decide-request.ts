/** Requests as the authorizer sends them to the decision function, for tests that ask the function itself. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { CardProgram } from './card-program.ts';

/** Stripe's time of all these requests. */
export const REQUESTED_S = 1_800_000_000;
export const ONE_HOUR_S = 3_600;

export type Request = Readonly<Record<string, unknown>>;
export interface Answer {
  readonly outcome: string;
  readonly decisionId: string;
  readonly reason?: string;
  readonly error?: string;
  readonly approvedMinor?: number;
  readonly profile?: unknown;
}

let count = 0;

/** A request as the authorizer sends it; `over` changes what a test is about. */
export async function requestOf(
  sql: Sql,
  program: CardProgram,
  over: Request = {},
): Promise<Request> {
  count += 1;
  const id = count;
  const [row] = await sql<{ account: string; profile: { versions: unknown } }[]>`
    select t.stripe_account as account, card_profile(t.stripe_account, ${program.stripeCardId}) as profile
      from tenants t where tenant_id = ${program.tenantId}`;
  return {
    requestId: `evt_${id}`,
    decisionId: `dec_${id}`,
    tenantId: program.tenantId,
    cardId: program.cardId,
    accountId: program.accountId,
    versions: row?.profile.versions,
    stripeAccount: row?.account,
    stripeCardId: program.stripeCardId,
    authorizationId: `iauth_${id}`,
    currency: 'usd',
    askedMinor: 1_000,
    requestedS: REQUESTED_S,
    surplus: { kind: 'none' },
    minimumMinor: over['askedMinor'] ?? 1_000,
    limits: [],
    ruleReason: null,
    explanation: {},
    timings: { queueMs: 2 },
    deadlineS: Date.now() / 1000 + ONE_HOUR_S,
    merchant: { category: 'bakeries' },
    ...over,
  };
}

/** A request for a card that nobody knows, with only the Stripe account that asks. */
export async function unknownCard(
  sql: Sql,
  program: CardProgram,
  over: Request = {},
): Promise<Request> {
  const nobody = { tenantId: null, cardId: null, accountId: null, versions: null };
  return requestOf(sql, program, {
    ...nobody,
    stripeCardId: 'ic_nobody',
    ruleReason: 'UNKNOWN_CARD',
    ...over,
  });
}

export async function decide(sql: Sql, requests: readonly Request[]): Promise<readonly Answer[]> {
  const [row] = await sql<{ answers: Answer[] }[]>`
    select decide(${JSON.stringify(requests)}::text::jsonb) as answers`;
  return row?.answers ?? [];
}
