/** Cards whose spending is limited: what is set on them, what they have spent, and purchases asked for in lists. */
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import type { ControlOwner } from '../../src/domain/card-profile.ts';
import type { LimitInterval } from '../../src/domain/controls.ts';
import type { Explanation } from '../../src/domain/finding.ts';
import { parseAuthorizationId, parseCardId, parseStripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import type { Reply } from '../../src/ports/decision-store.ts';
import { BUDGET_MS, questionOf } from './ask-decision.ts';
import type { CardProgram } from './card-program.ts';
import { beginAuthorization } from './change-authorization.ts';
import { sampleRequest } from './sample-request.ts';

/** When everything happens that says nothing else: a Wednesday, so that no test depends on the day it runs. */
export const NOW = '2026-03-18T15:00:00.000Z';

export interface Limit {
  readonly interval: LimitInterval;
  readonly amountMinor?: number;
  readonly count?: number;
  readonly categories?: readonly string[];
  readonly currency?: string;
}

export const daily = (amountMinor: number, over: Partial<Limit> = {}): Limit => ({
  interval: 'daily',
  amountMinor,
  ...over,
});

/** The limits of one owner, in place of those it had. */
export async function setLimits(
  sql: Sql,
  { cardId, accountId, tenantId }: CardProgram,
  owner: ControlOwner,
  limits: readonly Limit[],
): Promise<void> {
  const controls = sql.json({ limits: limits as never });
  const change = sql`controls = ${controls}, version = version + 1`;
  if (owner === 'card') await sql`update cards set ${change} where card_id = ${cardId}`;
  else if (owner === 'account')
    await sql`update accounts set ${change} where account_id = ${accountId}`;
  else await sql`update tenants set ${change} where tenant_id = ${tenantId}`;
}

/** Another card on the account of a card; as its replacement, if so said. */
export async function anotherCard(
  sql: Sql,
  of: CardProgram,
  how: 'beside' | 'replacing',
): Promise<CardProgram> {
  const cardId = parseCardId(`${of.cardId}b`);
  const stripeCardId = parseStripeCardId(`${of.stripeCardId}b`);
  const { tenantId, cardholderId, accountId } = of;
  const replaced = how === 'replacing' ? of.cardId : null;
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id,
      replacement_for)
    values (${tenantId}, ${cardId}, ${cardholderId}, ${accountId}, 'virtual', 'usd', 'active', ${stripeCardId},
      ${replaced})`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${tenantId}, ${stripeCardId}, ${cardId}, 1, 'active', '4242', 12, 2030)`;
  return { ...of, cardId, stripeCardId };
}

let count = 0;

/** A purchase that counts, without a hold, as of the moment `at`. Answers its authorization. */
export async function spend(
  sql: Sql,
  card: CardProgram,
  amountMinor: number,
  { at = NOW, category = 'bakeries' }: { readonly at?: string; readonly category?: string } = {},
): Promise<string> {
  count += 1;
  const id = `iauth_spent${count}`;
  await beginAuthorization(sql, id, card, {
    counted_minor: amountMinor,
    anchored_s: secondsOf(at),
    merchant: { category },
  });
  return id;
}

/** With microseconds, which a date does not have. */
function secondsOf(at: string): number {
  const [second = at, fraction = ''] = at.replace(/Z$/, '').split('.');
  return Date.parse(`${second}Z`) / 1000 + Number(`0.${fraction}0`);
}

/** A purchase to ask for; `of` is the authorization that it adds to. */
export interface Wanted extends Partial<Omit<AuthorizationRequest, 'askedMinor'>> {
  readonly card: CardProgram;
  readonly amount: number;
  readonly category?: string;
  readonly of?: string;
}

export interface Answered {
  /** The reason of the decision, or the kind of reply that there is instead. */
  readonly reason: string;
  readonly reply: Reply;
  readonly authorizationId: string;
  /** Empty where nothing was decided. */
  readonly explanation: Explanation;
}

/** Asks for all of them in one list, at NOW, each with the profile of this moment. */
export const ask = (sql: Sql, ...wanted: readonly Wanted[]): Promise<readonly Answered[]> =>
  askAt(NOW, sql, ...wanted);

export async function askAt(
  at: string,
  sql: Sql,
  ...wanted: readonly Wanted[]
): Promise<readonly Answered[]> {
  const atMs = Date.parse(at);
  const store = createDecisionStore(() => sql, { nowMs: () => atMs });
  const requests = await Promise.all(wanted.map((each) => requestFor(sql, each)));
  const questions = await Promise.all(requests.map((request) => questionOf(store, request)));
  const deadlineMs = atMs + BUDGET_MS;
  const replies = await store.decide(questions.map((each) => ({ ...each, deadlineMs })));
  const rows = await sql<{ id: string; explanation: Explanation }[]>`
    select request_id as id, explanation from decisions
     where request_id = any (${requests.map(({ requestId }) => requestId)})`;
  const explanations = new Map(rows.map(({ id, explanation }) => [id, explanation]));
  return replies.map((reply, place) => ({
    reason: reply.kind === 'decided' ? reply.reason : reply.kind,
    reply,
    authorizationId: requests[place]?.authorizationId ?? '',
    explanation: explanations.get(requests[place]?.requestId ?? '') ?? {},
  }));
}

/** Only the reasons. */
export const reasonsOf = async (
  sql: Sql,
  ...wanted: readonly Wanted[]
): Promise<readonly string[]> => (await ask(sql, ...wanted)).map(({ reason }) => reason);

export async function requestFor(
  sql: Sql,
  { card, amount, category, of, ...over }: Wanted,
): Promise<AuthorizationRequest> {
  count += 1;
  const id = count;
  const [tenant] = await sql<{ stripe_account: string | null }[]>`
    select stripe_account from tenants where tenant_id = ${card.tenantId}`;
  const { merchant } = sampleRequest();
  return sampleRequest({
    requestId: `evt_wanted${id}`,
    authorizationId: parseAuthorizationId(of ?? `iauth_wanted${id}`),
    stripeCardId: card.stripeCardId,
    stripeAccount: tenant?.stripe_account ?? null,
    askedMinor: minorUnits(amount),
    merchant: { ...merchant, category: category ?? merchant.category },
    ...over,
  });
}
