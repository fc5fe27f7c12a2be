/** How far each tenant's list of events was read, and what that brought. Leases go by Postgres' clock. */
import { parseStripeAccountId, parseTenantId } from '../../domain/ids.ts';
import type { CatchUpStore, ListPlace } from '../../ports/catch-up-store.ts';
import type { IncomingEvent } from '../../ports/event-intake.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import type { Sql } from './pool.ts';

/** Renewed several times within it; a reader that died leaves the tenant to others after this. */
const LEASE = '60 seconds';

export interface TenantRow {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
}

export function createCatchUpStore(sql: Sql): CatchUpStore {
  return {
    ...tenantReads(sql),
    ...leases(sql),
    ...gaps(sql),
    async missing({ stripeAccount }, events) {
      const known = await knownIds(sql, stripeAccount, events);
      return events.filter(({ eventId }) => !known.has(eventId));
    },
    storeCaughtUp: (tenant, events) => storeCaughtUp(sql, tenant, events),
  };
}

type Part<K extends keyof CatchUpStore> = Pick<CatchUpStore, K>;

const tenantReads = (sql: Sql): Part<'tenant' | 'tenants' | 'overdue'> => ({
  async tenant(tenantId) {
    const [row] = await sql<TenantRow[]>`
      select tenant_id as "tenantId", stripe_account as "stripeAccount" from tenants where tenant_id = ${tenantId}`;
    return row === undefined ? undefined : toTenant(row);
  },
  async tenants() {
    const rows = await sql<TenantRow[]>`
      select tenant_id as "tenantId", stripe_account as "stripeAccount" from tenants order by tenant_id`;
    return rows.map(toTenant);
  },
  async overdue(afterMs) {
    const rows = await sql<TenantRow[]>`
      select t.tenant_id as "tenantId", t.stripe_account as "stripeAccount"
        from tenants t left join catch_ups c using (tenant_id)
       where (c.finished_at is null or c.finished_at < now() - make_interval(secs => ${afterMs / 1000}::float8))
         and (c.leased_until is null or c.leased_until < now())
       order by t.tenant_id`;
    return rows.map(toTenant);
  },
});

const leases = (sql: Sql): Part<'lease' | 'renew' | 'release' | 'place' | 'advance'> => ({
  async lease(tenantId, holder) {
    const rows = await sql`
      insert into catch_ups as c (tenant_id, leased_by, leased_until)
      values (${tenantId}, ${holder}, now() + ${LEASE}::interval)
      on conflict (tenant_id) do update set leased_by = excluded.leased_by, leased_until = excluded.leased_until
        where c.leased_until is null or c.leased_until < now() or c.leased_by = excluded.leased_by
      returning 1`;
    return rows.length === 1;
  },
  async renew(tenantId, holder) {
    const rows = await sql`
      update catch_ups set leased_until = now() + ${LEASE}::interval
       where tenant_id = ${tenantId} and leased_by = ${holder} returning 1`;
    return rows.length === 1;
  },
  async release(tenantId, holder, isFinished) {
    await sql`
      update catch_ups set leased_by = null, leased_until = null,
             finished_at = case when ${isFinished} then now() else finished_at end
       where tenant_id = ${tenantId} and leased_by = ${holder}`;
  },
  async place(tenantId, nowS) {
    const [row] = await sql<ListPlace[]>`
      insert into catch_ups as c (tenant_id, since_s, watermark_s)
      select tenant_id, f.first_s, f.first_s from tenants,
             lateral (select least(extract(epoch from created_at)::bigint, ${nowS}::bigint) as first_s) f
       where tenant_id = ${tenantId}
      on conflict (tenant_id) do update
        set since_s = coalesce(c.since_s, excluded.since_s), watermark_s = coalesce(c.watermark_s, excluded.watermark_s)
      returning since_s as "sinceS", watermark_s as "watermarkS"`;
    return row ?? { sinceS: nowS, watermarkS: nowS };
  },
  async advance(tenantId, holder, watermarkS) {
    await sql`
      update catch_ups set watermark_s = ${watermarkS} where tenant_id = ${tenantId} and leased_by = ${holder}`;
  },
});

const gaps = (sql: Sql): Part<'recordGap' | 'openGaps' | 'closeGaps'> => ({
  async recordGap(tenantId, { fromS, toS }) {
    await sql`
      insert into event_gaps as g (tenant_id, from_s, to_s) values (${tenantId}, ${fromS}, ${toS})
      on conflict (tenant_id, from_s) do update set to_s = excluded.to_s, reread_at = null, reread = null
        where g.to_s < excluded.to_s`;
  },
  openGaps: (tenantId) => sql<{ gapId: number; fromS: number; toS: number }[]>`
    select gap_id as "gapId", from_s as "fromS", to_s as "toS" from event_gaps
     where tenant_id = ${tenantId} and reread_at is null order by from_s`,
  async closeGaps(gapIds, reread) {
    await sql`
      update event_gaps set reread_at = now(), reread = ${JSON.stringify(reread)}::text::jsonb
       where gap_id = any (${[...gapIds]}::bigint[])`;
  },
});

export const toTenant = ({ tenantId, stripeAccount }: TenantRow): IssuerTenant => ({
  tenantId: parseTenantId(tenantId),
  stripeAccount: stripeAccount === null ? null : parseStripeAccountId(stripeAccount),
});

/** By account rather than by tenant: an event may have come before its tenant was registered. */
async function knownIds(
  sql: Sql,
  stripeAccount: string | null,
  events: readonly IncomingEvent[],
): Promise<ReadonlySet<string>> {
  // The pair narrows it to the months in question, and each look-up to the index of unique events.
  const rows = await sql<{ eventId: string }[]>`
    select i.event_id as "eventId"
      from unnest(${events.map((e) => e.eventId)}::text[], ${events.map((e) => e.created)}::bigint[])
             as e (event_id, created)
      join inbox i on i.event_id = e.event_id and i.created = e.created
       and coalesce(i.stripe_account, '') = ${stripeAccount ?? ''}`;
  return new Set(rows.map(({ eventId }) => eventId));
}

async function storeCaughtUp(
  sql: Sql,
  { tenantId, stripeAccount }: IssuerTenant,
  events: readonly IncomingEvent[],
): Promise<number> {
  if (events.length === 0) return 0;
  const [row] = await sql<{ stored: number }[]>`
    with stored as (
      insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
      select ${tenantId}, ${stripeAccount}, e.event_id, 'catch_up', e.type, e.object_id, e.group_key, e.created,
             e.payload
        from unnest(${events.map((e) => e.eventId)}::text[], ${events.map((e) => e.type)}::text[],
                    ${events.map((e) => e.objectId)}::text[], ${events.map((e) => e.groupKey)}::text[],
                    ${events.map((e) => e.created)}::bigint[], ${events.map((e) => e.payload)}::text[])
               as e (event_id, type, object_id, group_key, created, payload)
       -- The order of all who store events, because deliveries may bring the same ones at this moment.
       order by e.created, e.event_id
      on conflict do nothing
      returning event_id, type, created),
    noted as (
      insert into missing_events as m (tenant_id, event_id, type, created, filled_at)
      select ${tenantId}, event_id, type, created, now() from stored
      on conflict (tenant_id, created, event_id) do update set filled_at = now() where m.filled_at is null)
    select count(*) as stored from stored`;
  return row?.stored ?? 0;
}
