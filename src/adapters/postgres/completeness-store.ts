/** What each day's comparison said. */
import { GAP_AFTER_S, type Span } from '../../domain/completeness.ts';
import { dayText } from '../../platform/day.ts';
import type { CompletenessStore, DayLook } from '../../ports/completeness.ts';
import type { IncomingEvent } from '../../ports/event-intake.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import { pageOfDays } from './completeness-days.ts';
import type { Queryable, Sql } from './pool.ts';

/** Days before these are no gaps: the nightly comparison has long noted whatever it could not prove. */
const GAP_DAYS_MAX = 60;

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
  const { day, typeSet, span, wasOver, atStripe, ours, unknownCount } = look;
  const isWhole = wasOver && atStripe.hash === ours.hash && atStripe.count === ours.count;
  // A day that was whole once stays so: what Stripe shows of it later, or we keep, is no part of the proof.
  await sql`
    insert into completeness_days as d (tenant_id, day, type_set, from_s, to_s, was_over, stripe_count, stripe_hash,
                                   our_count, our_hash, unknown_count, whole_at)
    values (${tenantId}, ${dayText(day)}::date, ${typeSet}, ${span.fromS}, ${span.toS}, ${wasOver}, ${atStripe.count},
            ${atStripe.hash}, ${ours.count}, ${ours.hash}, ${unknownCount}, case when ${isWhole} then now() end)
    on conflict (tenant_id, day) do update
      set (type_set, from_s, to_s, was_over, stripe_count, stripe_hash, our_count, our_hash, unknown_count, looked_at,
           whole_at) =
          (excluded.type_set, excluded.from_s, excluded.to_s, excluded.was_over, excluded.stripe_count,
           excluded.stripe_hash, excluded.our_count, excluded.our_hash, excluded.unknown_count, now(), excluded.whole_at)
      where d.whole_at is null`;
}

/** Seconds since the last catch-up of the tenant that waits longest for its next, or for its first; null without tenants. */
export async function catchUpAgeS(sql: Queryable): Promise<number | null> {
  const [row] = await sql<{ age: number | null }[]>`
    select max(extract(epoch from now() - coalesce(c.finished_at, t.created_at)))::float8 as age
      from tenants t left join catch_ups c using (tenant_id)`;
  return row?.age ?? null;
}

/** Days from a tenant's first until the last that is over for long enough; `nowS` is ours, or later if Stripe's is. */
export async function gapCount(sql: Queryable, nowS: number): Promise<number> {
  const [row] = await sql<{ gaps: number }[]>`
    with spans as (
      select t.tenant_id, coalesce(c.since_s, extract(epoch from t.created_at)::bigint) as since_s,
             greatest(${nowS}::bigint, c.watermark_s) - ${GAP_AFTER_S}::bigint as until_s
        from tenants t left join catch_ups c using (tenant_id)),
    over as (
      select s.tenant_id, n * 86400 as from_s, (n + 1) * 86400 as to_s,
             (to_timestamp(n * 86400) at time zone 'UTC')::date as day
        from spans s
        cross join lateral generate_series(
          greatest(s.since_s / 86400, s.until_s / 86400 - ${GAP_DAYS_MAX}::bigint), s.until_s / 86400 - 1) n)
    select (select count(*) from event_gaps where reread_at is null) + (
      select count(*) from over o
       where not exists (select from completeness_days d
                          where d.tenant_id = o.tenant_id and d.day = o.day and d.whole_at is not null)
         and not exists (select from event_gaps g
                          where g.tenant_id = o.tenant_id and g.from_s < o.to_s and g.to_s > o.from_s)) as gaps`;
  return row?.gaps ?? 0;
}
