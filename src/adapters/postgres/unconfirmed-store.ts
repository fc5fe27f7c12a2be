/**
 * Approvals that no view of Stripe has shown: which of them are due for a look, how looks ended, and what a person
 * needs to know of those that looks do not settle. Times are the relay's, so that they agree with Stripe's.
 */
import {
  UNCONFIRMED_HOLD_AFTER_S,
  UNCONFIRMED_HOLD_ATTENTION_AFTER_S,
} from '../../domain/limits.ts';
import { openAttention } from './attention.ts';
import type { LookedUp } from './fetched-authorizations.ts';
import type { Queryable, Sql } from './pool.ts';

/** `unknown`: asked for by its id, and Stripe does not know it. */
export type LookResult = 'found' | 'not_listed' | 'unknown' | 'failed';

const KIND = 'hold_unconfirmed';

export interface UnconfirmedHold extends LookedUp {
  /** When Stripe made the authorization: as a view shows, else the time of our first request for it. */
  readonly createdS: number;
  /** Looks, with the one that is claimed. */
  readonly looks: number;
}

export interface LookTurn {
  readonly tenantId: string;
  /** Lists did not show it: it is asked for by its id. */
  readonly byId: boolean;
}

/**
 * The tenant whose approval has been unconfirmed longest, among those that are due. An approval is not due while an
 * event of its authorization waits in the inbox: applying that costs no call.
 */
export async function nextTurn(
  sql: Sql,
  options: {
    readonly nowS: number;
    /** Tenants left out altogether, and those whose lists are left out. */
    readonly except: readonly string[];
    readonly exceptLists: readonly string[];
  },
): Promise<LookTurn | null> {
  const [turn] = await sql<LookTurn[]>`
    select d.tenant_id as "tenantId", ${isById(sql)} as "byId"
      from decisions d left join hold_lookups l using (authorization_id)
     where ${isDue(sql, options.nowS)} and d.tenant_id <> all (${[...options.except]})
       and (${isById(sql)} or d.tenant_id <> all (${[...options.exceptLists]}))
     order by d.requested_at limit 1`;
  return turn ?? null;
}

const isById = (sql: Sql) => sql`coalesce(l.result in ('not_listed', 'unknown'), false)`;

const isDue = (sql: Sql, nowS: number) => sql`
  d.approved and not d.confirmed and d.requested_at <= ${nowS - UNCONFIRMED_HOLD_AFTER_S}::bigint
  and (l.next_look_at is null or l.next_look_at <= to_timestamp(${nowS}))
  and not exists (select from inbox i
                   where i.group_key = d.stripe_card_id and i.status = 'pending' and i.object_id = d.authorization_id)`;

/**
 * Claims due approvals of the tenant, those that wait longest first. Another relay leaves them alone until the claim
 * is given up.
 */
export async function claimHolds(
  sql: Sql,
  turn: LookTurn,
  options: { readonly nowS: number; readonly limit: number; readonly givenUpAfterS: number },
): Promise<readonly UnconfirmedHold[]> {
  const { nowS, limit, givenUpAfterS } = options;
  return sql<UnconfirmedHold[]>`
    with due as (
      select d.tenant_id, d.authorization_id, min(d.stripe_card_id) as stripe_card_id
        from decisions d left join hold_lookups l using (authorization_id)
       where ${isDue(sql, nowS)} and d.tenant_id = ${turn.tenantId} and ${isById(sql)} = ${turn.byId}
       group by 1, 2 order by min(d.requested_at) limit ${limit}),
    claimed as (
      insert into hold_lookups as h (tenant_id, authorization_id, looks, next_look_at)
      select tenant_id, authorization_id, 1, to_timestamp(${nowS + givenUpAfterS}) from due order by authorization_id
      on conflict (authorization_id) do update set looks = h.looks + 1, next_look_at = excluded.next_look_at
        where h.next_look_at <= to_timestamp(${nowS})
      returning authorization_id, looks)
    select due.tenant_id as "tenantId", t.stripe_account as "stripeAccount", due.stripe_card_id as "stripeCardId",
           due.authorization_id as "authorizationId", claimed.looks,
           coalesce((z.snapshot -> 0 ->> 'createdS')::bigint,
             (select min(d.requested_at) from decisions d where d.authorization_id = due.authorization_id))
             as "createdS"
      from due join claimed using (authorization_id) join tenants t using (tenant_id)
      join authorizations z using (authorization_id)
     order by "createdS" desc, due.authorization_id`;
}

export interface LookEnd {
  readonly authorizationId: string;
  readonly result: LookResult;
  readonly nextLookS: number;
}

/** Writes how looks ended; what has been unconfirmed for too long becomes an attention item, or is told anew. */
export async function endLooks(sql: Sql, ends: readonly LookEnd[], nowS: number): Promise<void> {
  if (ends.length === 0) return;
  await sql.begin(async (tx) => {
    await tx`
      update hold_lookups l set result = e.result, looked_at = to_timestamp(${nowS}),
             next_look_at = to_timestamp(e.next_s)
        from unnest(${ends.map((end) => end.authorizationId)}::text[], ${ends.map((end) => end.result)}::text[],
                    ${ends.map((end) => end.nextLookS)}::bigint[]) as e (authorization_id, result, next_s)
       where l.authorization_id = e.authorization_id`;
    for (const item of await overdueHolds(tx, ends, nowS)) {
      const { tenantId, authorizationId, cardId, accountId, ...details } = item;
      const subject = authorizationId;
      await openAttention(tx, { tenantId, kind: KIND, subject, cardId, accountId, details });
    }
  });
}

/** Gives claimed approvals back that were not looked at after all. */
export async function releaseHolds(
  sql: Sql,
  authorizationIds: readonly string[],
  nowS: number,
): Promise<void> {
  if (authorizationIds.length === 0) return;
  await sql`
    update hold_lookups set looks = looks - 1, next_look_at = to_timestamp(${nowS})
     where authorization_id = any (${[...authorizationIds]})`;
}

interface OverdueHold {
  readonly tenantId: string;
  readonly authorizationId: string;
  readonly cardId: string;
  readonly accountId: string;
  /** The oldest of its approvals. */
  readonly decisionId: string;
  readonly approvals: number;
  readonly amountMinor: number;
  readonly heldMinor: number;
  readonly currency: string;
  readonly requestedAt: string;
  readonly looks: number;
  readonly lastLookAt: string;
  readonly lastResult: string;
}

const overdueHolds = (
  sql: Queryable,
  ends: readonly LookEnd[],
  nowS: number,
): Promise<readonly OverdueHold[]> => sql<OverdueHold[]>`
  select d.tenant_id as "tenantId", d.authorization_id as "authorizationId", min(d.card_id) as "cardId",
         min(d.account_id) as "accountId", (array_agg(d.decision_id order by d.requested_at))[1] as "decisionId",
         count(*) as approvals, sum(d.approved_minor)::bigint as "amountMinor", z.held_minor as "heldMinor",
         z.currency, ${iso(sql, sql`to_timestamp(min(d.requested_at))`)} as "requestedAt", l.looks,
         ${iso(sql, sql`l.looked_at`)} as "lastLookAt", l.result as "lastResult"
    from decisions d join hold_lookups l using (authorization_id) join authorizations z using (authorization_id)
   where d.authorization_id = any (${ends.map((end) => end.authorizationId)}) and d.approved and not d.confirmed
   group by d.tenant_id, d.authorization_id, z.held_minor, z.currency, l.looks, l.looked_at, l.result
  having min(d.requested_at) <= ${nowS - UNCONFIRMED_HOLD_ATTENTION_AFTER_S}::bigint`;

const iso = (sql: Queryable, time: ReturnType<Queryable>) =>
  sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Forgets the looks at approvals that are settled, and closes their items. */
export async function forgetSettled(sql: Sql): Promise<void> {
  await sql`
    with settled as (
      delete from hold_lookups l
       where not exists (select from decisions d
                          where d.authorization_id = l.authorization_id and d.approved and not d.confirmed)
      returning tenant_id, authorization_id)
    update attention_items a set closed_at = clock_timestamp(), resolution = 'Stripe has shown what became of the approval'
      from settled s
     where a.tenant_id = s.tenant_id and a.kind = ${KIND} and a.subject = s.authorization_id and a.closed_at is null`;
}
