/** Requests as the decision function takes them (`asked_request` in 0009-decide.sql), for tests that ask it themselves. */
import type { Queryable, Sql } from '../../src/adapters/postgres/pool.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import type { CardProgram } from './card-program.ts';

/** Stripe's time of all these requests. */
export const REQUESTED_S = 1_800_000_000;
export const ONE_HOUR_S = 3_600;

export type Request = Readonly<Record<string, unknown>>;
export interface Answer {
  readonly outcome: string;
  readonly decisionId: string | null;
  readonly approved: boolean | null;
  readonly reason: string | null;
  readonly approvedMinor: number | null;
  readonly profile: CardProfile | null;
  readonly error: string | null;
}
/** An answer that names no decision. */
export const undecided = (outcome: string): Answer => ({
  outcome,
  decisionId: null,
  approved: null,
  reason: null,
  approvedMinor: null,
  profile: null,
  error: null,
});

/** What the requests of a list count towards; they name each by its place, from 1. */
export interface Counter {
  /** Asked for whatever is locked when absent. */
  readonly account?: string;
  readonly owner: string;
  readonly span: string;
  readonly categories: readonly string[] | null;
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
  const [row] = await sql<{ account: string | null; profile: CardProfile }[]>`
    select t.stripe_account as account, card_profile(t.stripe_account, ${program.stripeCardId}) as profile
      from tenants t where tenant_id = ${program.tenantId}`;
  return {
    request_id: `evt_${id}`,
    decision_id: `dec_${id}`,
    tenant_id: program.tenantId,
    card_id: program.cardId,
    account_id: program.accountId,
    cardholder_id: program.cardholderId,
    ...versionsOf(row?.profile),
    stripe_account: row?.account,
    stripe_card_id: program.stripeCardId,
    authorization_id: `iauth_${id}`,
    currency: 'usd',
    asked_minor: 1_000,
    minimum_minor: over['asked_minor'] ?? 1_000,
    requested_at: REQUESTED_S,
    surplus: { kind: 'none' },
    timings: { verifiedMs: 2 },
    deadline_s: Date.now() / 1000 + ONE_HOUR_S,
    merchant: { category: 'bakeries' },
    ...over,
  };
}

export const versionsOf = (profile: CardProfile | null | undefined): Request => ({
  card_version: profile?.versions.card,
  account_version: profile?.versions.account,
  cardholder_version: profile?.versions.cardholder,
  tenant_version: profile?.versions.tenant,
});

const NOBODY: Request = {
  tenant_id: undefined,
  card_id: undefined,
  account_id: undefined,
  cardholder_id: undefined,
  ...versionsOf(null),
  surplus: undefined,
  minimum_minor: undefined,
};

/** A request for a card that nobody knows, with only the Stripe account that asks. */
export const unknownCard = (sql: Sql, program: CardProgram, over: Request = {}): Promise<Request> =>
  requestOf(sql, program, {
    ...NOBODY,
    stripe_card_id: 'ic_nobody',
    rule_reason: 'UNKNOWN_CARD',
    ...over,
  });

/** A request that cannot be read: all that is known of it is who asks, and perhaps what about. */
export const unreadable = (sql: Sql, program: CardProgram, over: Request = {}): Promise<Request> =>
  requestOf(sql, program, {
    ...NOBODY,
    stripe_card_id: undefined,
    authorization_id: undefined,
    currency: undefined,
    asked_minor: undefined,
    merchant: undefined,
    rule_reason: 'REQUEST_UNREADABLE',
    explanation: { finding: { kind: 'unreadable', problem: 'pending_request is missing' } },
    ...over,
  });

/** One call with a list of requests. */
export async function decide(
  sql: Queryable,
  requests: readonly Request[],
  counters: readonly Counter[] = [],
): Promise<readonly Answer[]> {
  const [row] = await sql<{ answers: Answer[] | null }[]>`
    select decide(${JSON.stringify(counters)}::text::json, ${JSON.stringify(requests)}::text::json) as answers`;
  const answers = row?.answers;
  if (answers === undefined || answers === null) throw new Error('decide() answers a list');
  return answers;
}
