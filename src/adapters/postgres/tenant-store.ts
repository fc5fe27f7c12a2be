/** Tenants in Postgres. */
import { parseStripeAccountId, parseTenantId } from '../../domain/ids.ts';
import type { KycProviderName } from '../../domain/kyc-providers.ts';
import { minorUnits } from '../../domain/money.ts';
import type { Tenant, Tenants } from '../../ports/tenants.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

interface TenantRow {
  tenant_id: string;
  name: string;
  stripe_account: string | null;
  fx_margin_bp: number;
  fuel_hold_minor: number;
  kyc_provider: KycProviderName;
  created_at: Date;
}

const ORDER = { table: 'tenants', id: 'tenant_id', time: 'created_at' } as const;

const toTenant = (row: TenantRow): Tenant => ({
  id: parseTenantId(row.tenant_id),
  name: row.name,
  stripeAccount: row.stripe_account === null ? null : parseStripeAccountId(row.stripe_account),
  fxMarginBp: row.fx_margin_bp,
  fuelHoldMinor: minorUnits(row.fuel_hold_minor),
  kycProvider: row.kyc_provider,
  createdAt: row.created_at.toISOString(),
});

export function createTenantStore(sql: Queryable): Tenants {
  const columns = sql`tenant_id, name, stripe_account, fx_margin_bp, fuel_hold_minor, kyc_provider, created_at`;
  return {
    async create({ id, name, stripeAccount }) {
      const [made] = await sql<TenantRow[]>`
        insert into tenants (tenant_id, name, stripe_account) values (${id}, ${name}, ${stripeAccount})
        on conflict do nothing returning ${columns}`;
      if (made !== undefined) return { kind: 'created', tenant: toTenant(made) };
      const [found] = await sql<TenantRow[]>`
        select ${columns} from tenants where stripe_account is not distinct from ${stripeAccount}`;
      if (found === undefined) throw new Error(`tenant ${id} neither made nor found`);
      return { kind: 'exists', id: parseTenantId(found.tenant_id) };
    },

    async find(id) {
      const [row] = await sql<TenantRow[]>`select ${columns} from tenants where tenant_id = ${id}`;
      return row === undefined ? undefined : toTenant(row);
    },

    async onlyPlatform() {
      const rows = await sql<TenantRow[]>`select ${columns} from tenants limit 2`;
      const [row] = rows;
      return rows.length === 1 && row?.stripe_account === null ? toTenant(row) : undefined;
    },

    async changeSettings(id, { name, fxMarginBp, fuelHoldMinor, kycProvider }) {
      // The version is of what decisions read: a new name alone makes no process read its profiles anew.
      const margin = sql`coalesce(${fxMarginBp ?? null}::integer, fx_margin_bp)`;
      const fuel = sql`coalesce(${fuelHoldMinor ?? null}::bigint, fuel_hold_minor)`;
      const [row] = await sql<TenantRow[]>`
        update tenants
           set name = coalesce(${name ?? null}, name), fx_margin_bp = ${margin}, fuel_hold_minor = ${fuel},
               kyc_provider = coalesce(${kycProvider ?? null}, kyc_provider),
               version = version + ((${margin}, ${fuel}) <> (fx_margin_bp, fuel_hold_minor))::integer
         where tenant_id = ${id} returning ${columns}`;
      return row === undefined ? undefined : toTenant(row);
    },

    async list(page) {
      const rows = await sql<TenantRow[]>`
        select ${columns} from tenants where true ${afterCursor(sql, ORDER, page)}
         order by created_at desc, tenant_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toTenant), page, cursorIn(sql, ORDER));
    },
  };
}
