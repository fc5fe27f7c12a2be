/** What each day's comparison said. */
import {
  DAY_OVERDUE_S,
  EVENTS_LISTED_S,
  GAP_AFTER_S,
  type Span,
} from '../../domain/completeness.ts';
import { dayText } from '../../platform/day.ts';
import type { CompletenessStore, DayLook } from '../../ports/completeness.ts';
import type { IncomingEvent } from '../../ports/event-intake.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import { type TenantRow, toTenant } from './catch-up-store.ts';
import { pageOfDays } from './completeness-days.ts';
import type { Queryable, Sql } from './pool.ts';

/** Days before these are no gaps: the nightly comparison has long noted whatever it could not prove. */
const GAP_DAYS_MAX = 60;
/** A month of days is compared in less than this; the work of a relay that died is taken up after it. */
const TAKEN_FOR = '1 hour';
/** An hour more than between two nights' looks, so that the relay looks again only where those do not come. */
const LOOK_AGAIN_AFTER = '25 hours';

export const createCompletenessStore = (sql: Sql): CompletenessStore => ({
  days: (query, page) => pageOfDays(sql, query, page),
  async ourEvents({ stripeAccount }, types, { fromS, toS }) {
    const rows = await sql<{ eventId: string }[]>`
      select event_id as "eventId" from inbox
       where created >= ${fromS} and created < ${toS} and stripe_account is not distinct from ${stripeAccount}
         and type = any (${[...types]}::text[])`;
    return new Set(rows.map(({ eventId }) => eventId));
  },
  noteMissing: (tenant, span, missing) => noteMissing(sql, tenant, span, missing),
  async record(tenantId, look) {
    await record(sql, tenantId, look);
  },
  takeOverdue: (nowS) => takeOverdue(sql, nowS),
  gapCount: (nowS) => gapCount(sql, nowS),
});

async function noteMissing(
  sql: Sql,
  { tenantId, stripeAccount }: IssuerTenant,
  { fromS, toS }: Span,
  missing: readonly IncomingEvent[],
): Promise<void> {
  await sql`
    insert into missing_events (tenant_id, event_id, type, created)
    select ${tenantId}, e.event_id, e.type, e.created
      from unnest(${missing.map((e) => e.eventId)}::text[], ${missing.map((e) => e.type)}::text[],
                  ${missing.map((e) => e.created)}::bigint[]) as e (event_id, type, created)
    on conflict do nothing`;
  await sql`
    update missing_events m set filled_at = now()
     where m.tenant_id = ${tenantId} and m.filled_at is null and m.created >= ${fromS} and m.created < ${toS}
       and exists (select from inbox i where i.event_id = m.event_id and i.created = m.created
                      and coalesce(i.stripe_account, '') = ${stripeAccount ?? ''})`;
}

async function record(sql: Sql, tenantId: string, look: DayLook): Promise<void> {
  const { day, typeSet, span, wasOver, atStripe, ours, unknownCount, unknown } = look;
  const isWhole = wasOver && atStripe.hash === ours.hash && atStripe.count === ours.count;
  // A day that was whole once stays so: what Stripe shows of it later, or we keep, is no part of the proof.
  await sql`
    insert into completeness_days as d (tenant_id, day, type_set, from_s, to_s, was_over, stripe_count, stripe_hash,
                                   our_count, our_hash, unknown_count, unknown, whole_at)
    values (${tenantId}, ${dayText(day)}::date, ${typeSet}, ${span.fromS}, ${span.toS}, ${wasOver}, ${atStripe.count},
            ${atStripe.hash}, ${ours.count}, ${ours.hash}, ${unknownCount}, ${[...unknown]}::text[],
            case when ${isWhole} then now() end)
    on conflict (tenant_id, day) do update
      set (type_set, from_s, to_s, was_over, stripe_count, stripe_hash, our_count, our_hash, unknown_count, unknown,
           looked_at, whole_at) =
          (excluded.type_set, excluded.from_s, excluded.to_s, excluded.was_over, excluded.stripe_count,
           excluded.stripe_hash, excluded.our_count, excluded.our_hash, excluded.unknown_count, excluded.unknown, now(),
           excluded.whole_at)
      where d.whole_at is null`;
}

/** Seconds since the last catch-up of the tenant that waits longest for its next, or its first; null without tenants. */
export async function catchUpAgeS(sql: Queryable): Promise<number | null> {
  const [row] = await sql<{ age: number | null }[]>`
    select max(extract(epoch from now() - coalesce(c.finished_at, t.created_at)))::float8 as age
      from tenants t left join catch_ups c using (tenant_id)`;
  return row?.age ?? null;
}

/** Open gaps, and days that nobody has proven in time; `nowS` is ours, or later if Stripe's is. */
export async function gapCount(sql: Queryable, nowS: number): Promise<number> {
  const [row] = await sql<{ gaps: number }[]>`
    select (select count(*) from event_gaps where reread_at is null)
         + (select count(*) from (${unprovenDays(sql, nowS, GAP_AFTER_S)}) u) as gaps`;
  return row?.gaps ?? 0;
}

/**
 * Catch-up comes first, which knows more exactly what the list has lost. A day that stays open is looked at once a day, as
 * by the nights.
 */
async function takeOverdue(sql: Sql, nowS: number): Promise<IssuerTenant | undefined> {
  const [row] = await sql<TenantRow[]>`
    update catch_ups c set days_taken_at = now()
      from tenants t
     where t.tenant_id = c.tenant_id and c.tenant_id = (
       select c.tenant_id from catch_ups c
        where (c.days_taken_at is null or c.days_taken_at < now() - ${TAKEN_FOR}::interval)
          and c.watermark_s >= ${nowS - EVENTS_LISTED_S}::bigint
          and exists (select from (${unprovenDays(sql, nowS, DAY_OVERDUE_S)}) u
                        left join completeness_days d on d.tenant_id = u.tenant_id and d.day = u.day
                       where u.tenant_id = c.tenant_id
                         and (d.day is null or not d.was_over or d.looked_at < now() - ${LOOK_AGAIN_AFTER}::interval))
        order by c.tenant_id limit 1 for update skip locked)
    returning t.tenant_id as "tenantId", t.stripe_account as "stripeAccount"`;
  return row === undefined ? undefined : toTenant(row);
}

/** Of each tenant, from its first on, the days that have been over for so long and are neither whole nor in a gap. */
const unprovenDays = (sql: Queryable, nowS: number, overForS: number) => sql`
  select s.tenant_id, o.day
    from (select t.tenant_id, coalesce(c.since_s, extract(epoch from t.created_at)::bigint) / 86400 as first_day,
                 (greatest(${nowS}::bigint, c.watermark_s) - ${overForS}::bigint) / 86400 as end_day
            from tenants t left join catch_ups c using (tenant_id)) s
   cross join lateral (
     select n, (to_timestamp(n * 86400) at time zone 'UTC')::date as day
       from generate_series(greatest(s.first_day, s.end_day - ${GAP_DAYS_MAX}::bigint), s.end_day - 1) n) o
   where not exists (select from completeness_days d
                      where d.tenant_id = s.tenant_id and d.day = o.day and d.whole_at is not null)
     and not exists (select from event_gaps g
                      where g.tenant_id = s.tenant_id and g.from_s < (o.n + 1) * 86400 and g.to_s > o.n * 86400)`;
