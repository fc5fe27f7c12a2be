/** The reports of days, one row a tenant and day, the newest first. */
import { type DayState, dayStateOf } from '../../domain/completeness.ts';
import { parseTenantId } from '../../domain/ids.ts';
import type { DayQuery, DayReport, MissedEvent } from '../../ports/completeness.ts';
import type { Page, PageRequest } from '../../ports/page.ts';
import type { Queryable } from './pool.ts';

/** Enough to see what kind of events did not come; the counts are those of all. */
const SHOWN_MAX = 100;

interface DayRow {
  readonly id: string;
  readonly tenantId: string;
  readonly day: string;
  readonly typeSet: string | null;
  readonly fromS: number | null;
  readonly toS: number | null;
  readonly wasOver: boolean | null;
  readonly stripeCount: number | null;
  readonly stripeHash: string | null;
  readonly ourCount: number | null;
  readonly ourHash: string | null;
  readonly unknownCount: number | null;
  readonly unknown: string[] | null;
  readonly lookedAt: Date | null;
  readonly wholeAt: Date | null;
  readonly missingCount: number;
  readonly missing: readonly MissedRow[];
  readonly filledCount: number;
  readonly filled: readonly MissedRow[];
  readonly gapFromS: number | null;
  readonly gapToS: number | null;
  readonly gapFoundAt: Date | null;
  readonly gapRereadAt: Date | null;
}

interface MissedRow {
  readonly eventId: string;
  readonly type: string;
  readonly created: number;
  readonly atS: number;
}

export async function pageOfDays(
  sql: Queryable,
  query: DayQuery,
  page: PageRequest,
): Promise<Page<DayReport>> {
  const rows = await sql<DayRow[]>`
    with asked as (${askedDays(sql, query, page)})
    select a.day || '/' || a.tenant_id as id, a.tenant_id as "tenantId", a.day::text as day, d.type_set as "typeSet",
           d.from_s as "fromS", d.to_s as "toS", d.was_over as "wasOver", d.stripe_count as "stripeCount",
           d.stripe_hash as "stripeHash", d.our_count as "ourCount", d.our_hash as "ourHash",
           d.unknown_count as "unknownCount", d.unknown, d.looked_at as "lookedAt", d.whole_at as "wholeAt",
           m.count as "missingCount", m.shown as missing, f.count as "filledCount", f.shown as filled,
           a.gap_from_s as "gapFromS", a.gap_to_s as "gapToS", a.found_at as "gapFoundAt", a.reread_at as "gapRereadAt"
      from asked a
      left join completeness_days d on d.tenant_id = a.tenant_id and d.day = a.day
      cross join lateral (${missedIn(sql)}) m
      cross join lateral (${filledIn(sql)}) f
     order by a.day desc, a.tenant_id`;
  const last = rows[page.limit - 1];
  return {
    data: rows.slice(0, page.limit).map(toReport),
    nextCursor: rows.length > page.limit && last !== undefined ? last.id : null,
  };
}

/** Each tenant's days, none before its first; of the gaps that touch a day, what they say together. */
function askedDays(sql: Queryable, query: DayQuery, page: PageRequest) {
  const { fromDay, toDay, tenantId, isUnprovenOnly } = query;
  const [afterDay, afterTenant] = page.after?.split('/') ?? [];
  return sql`
    select t.tenant_id, s.day, s.from_s, s.to_s, g.*
      from tenants t
      left join catch_ups c using (tenant_id)
      cross join lateral (
        select (to_timestamp(n * 86400) at time zone 'UTC')::date as day, n * 86400 as from_s, (n + 1) * 86400 as to_s
          from generate_series(
            greatest(${fromDay}::bigint, coalesce(c.since_s, extract(epoch from t.created_at)::bigint) / 86400),
            ${toDay}::bigint) n) s
      left join completeness_days d on d.tenant_id = t.tenant_id and d.day = s.day
      cross join lateral (
        select min(g.from_s) as gap_from_s, max(g.to_s) as gap_to_s, min(g.found_at) as found_at,
               case when bool_and(g.reread_at is not null) then max(g.reread_at) end as reread_at
          from event_gaps g where g.tenant_id = t.tenant_id and g.from_s < s.to_s and g.to_s > s.from_s) g
     where true
       ${tenantId === undefined ? sql`` : sql`and t.tenant_id = ${tenantId}`}
       ${isUnprovenOnly === true ? sql`and d.whole_at is null` : sql``}
       ${
         afterDay === undefined || afterTenant === undefined
           ? sql``
           : sql`and (s.day::text < ${afterDay} or (s.day::text = ${afterDay} and t.tenant_id > ${afterTenant}))`
       }
     order by s.day desc, t.tenant_id limit ${page.limit + 1}`;
}

const missedIn = (sql: Queryable) => sql`
  select count(*) as count,
         coalesce((jsonb_agg(jsonb_build_object('eventId', o.event_id, 'type', o.type, 'created', o.created,
           'atS', extract(epoch from o.found_at)) order by o.created, o.event_id)
           filter (where o.n <= ${SHOWN_MAX})), '[]') as shown
    from (select *, row_number() over (order by created, event_id) as n from missing_events
           where tenant_id = a.tenant_id and filled_at is null and created >= a.from_s and created < a.to_s) o`;

/** Those that the list brought, and those that came late. Not read from the inbox, which keeps them for a while only. */
const filledIn = (sql: Queryable) => sql`
  select count(*) as count,
         coalesce((jsonb_agg(jsonb_build_object('eventId', o.event_id, 'type', o.type, 'created', o.created,
           'atS', extract(epoch from o.filled_at)) order by o.created, o.event_id)
           filter (where o.n <= ${SHOWN_MAX})), '[]') as shown
    from (select *, row_number() over (order by created, event_id) as n from missing_events
           where tenant_id = a.tenant_id and filled_at is not null and created >= a.from_s and created < a.to_s) o`;

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
const isoOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

const toMissed = ({ eventId, type, created, atS }: MissedRow): MissedEvent => ({
  eventId,
  type,
  createdAt: iso(created),
  at: iso(atS),
});

const toReport = (row: DayRow): DayReport => ({
  tenantId: parseTenantId(row.tenantId),
  day: row.day,
  state: stateOf(row),
  compared: comparedIn(row),
  wholeAt: isoOrNull(row.wholeAt),
  missingCount: row.missingCount,
  missing: row.missing.map(toMissed),
  filledCount: row.filledCount,
  filled: row.filled.map(toMissed),
  gap:
    row.gapFromS === null || row.gapToS === null
      ? null
      : {
          from: iso(row.gapFromS),
          to: iso(row.gapToS),
          foundAt: isoOrNull(row.gapFoundAt) ?? '',
          rereadAt: isoOrNull(row.gapRereadAt),
        },
});

const stateOf = (row: DayRow): DayState =>
  dayStateOf({
    isWhole: row.wholeAt !== null,
    isUnprovable: row.gapFromS !== null,
    isEqual:
      row.stripeHash === null
        ? null
        : row.stripeHash === row.ourHash && row.stripeCount === row.ourCount,
    wasOver: row.wasOver ?? false,
  });

function comparedIn(row: DayRow): DayReport['compared'] {
  const { typeSet, fromS, toS, lookedAt, stripeHash, ourHash } = row;
  if (typeSet === null || fromS === null || toS === null || lookedAt === null) return null;
  return {
    typeSet,
    from: iso(fromS),
    to: iso(toS),
    at: lookedAt.toISOString(),
    atStripe: { count: row.stripeCount ?? 0, hash: stripeHash ?? '' },
    ours: { count: row.ourCount ?? 0, hash: ourHash ?? '' },
    unknownCount: row.unknownCount ?? 0,
    unknown: row.unknown ?? [],
  };
}
