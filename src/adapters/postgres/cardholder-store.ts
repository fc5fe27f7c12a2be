/** Cardholders in Postgres. */
import type { CardFact } from '../../domain/card-facts.ts';
import { parseCardholderId, parseTenantId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import type { CheckError, KycStatus } from '../../domain/kyc.ts';
import type { KycProviderName } from '../../domain/kyc-providers.ts';
import type { Cardholder, CardholderProfile, Cardholders } from '../../ports/cardholders.ts';
import { factForOpenCards } from './fact-store.ts';
import { jsonText } from './json-column.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

interface CardholderRow {
  cardholder_id: string;
  tenant_id: string;
  customer_ref: string;
  type: 'individual' | 'company';
  profile: CardholderProfile;
  kyc_status: KycStatus;
  kyc_provider: KycProviderName;
  kyc_attempts: number;
  kyc_session_id: string | null;
  kyc_url: string | null;
  kyc_last_error: CheckError | null;
  kyc_verified_at: Date | null;
  kyc_redacted_at: Date | null;
  stripe_cardholder_id: string | null;
  stripe_status: 'active' | 'inactive' | 'blocked';
  created_at: Date;
}

interface ProfileRow {
  type: 'individual' | 'company';
  profile: CardholderProfile;
  is_fixed: boolean;
  currencies: string[];
}

const ORDER = { table: 'cardholders', id: 'cardholder_id', time: 'created_at' } as const;

const toCardholder = (row: CardholderRow): Cardholder => ({
  ...row.profile,
  id: parseCardholderId(row.cardholder_id),
  tenantId: parseTenantId(row.tenant_id),
  customerRef: row.customer_ref,
  type: row.type,
  kyc: toKyc(row),
  stripeCardholderId: row.stripe_cardholder_id,
  status: row.stripe_status,
  createdAt: row.created_at.toISOString(),
});

const toKyc = (row: CardholderRow): Cardholder['kyc'] => ({
  status: row.kyc_status,
  provider: row.kyc_status === 'unverified' ? null : row.kyc_provider,
  attempts: row.kyc_attempts,
  sessionId: row.kyc_session_id,
  url: row.kyc_url,
  lastError:
    row.kyc_last_error === null
      ? null
      : { code: row.kyc_last_error.code, reason: row.kyc_last_error.reason },
  verifiedAt: row.kyc_verified_at?.toISOString() ?? null,
  redactedAt: row.kyc_redacted_at?.toISOString() ?? null,
});

export function createCardholderStore(sql: Queryable): Cardholders {
  const columns = sql`cardholder_id, tenant_id, customer_ref, type, profile, kyc_status, kyc_provider, kyc_attempts,
    kyc_session_id, kyc_url, kyc_last_error, kyc_verified_at, kyc_redacted_at, stripe_cardholder_id, stripe_status, created_at`;
  return {
    async create({ id, tenantId, customerRef, type, profile }) {
      const [made] = await sql<CardholderRow[]>`
        insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile)
        values (${tenantId}, ${id}, ${customerRef}, ${type}, ${jsonText(profile)}::text::jsonb)
        on conflict (tenant_id, customer_ref) do nothing returning ${columns}`;
      if (made !== undefined) return { kind: 'created', cardholder: toCardholder(made) };
      const [found] = await sql<{ cardholder_id: string }[]>`
        select cardholder_id from cardholders
         where tenant_id = ${tenantId} and customer_ref = ${customerRef}`;
      if (found === undefined) throw new Error(`cardholder ${id} neither made nor found`);
      return { kind: 'exists', id: parseCardholderId(found.cardholder_id) };
    },

    async find(id) {
      const [row] = await sql<CardholderRow[]>`
        select ${columns} from cardholders where cardholder_id = ${id}`;
      return row === undefined ? undefined : toCardholder(row);
    },

    async lockProfile(id) {
      const [row] = await sql<ProfileRow[]>`
        select type, profile,
               stripe_cardholder_id is not null or exists (
                 select 1 from stripe_attempts a
                  where a.subject_id = cardholder_id and a.step = 'create_cardholder' and a.refusal is null
               ) as is_fixed,
               array(select distinct c.currency::text from cards c
                      where c.cardholder_id = cardholders.cardholder_id and c.phase <> 'closed') as currencies
          from cardholders where cardholder_id = ${id} for no key update`;
      if (row === undefined) return undefined;
      const { type, profile, is_fixed: nameIsFixed, currencies } = row;
      return { type, profile, nameIsFixed, currencies };
    },

    async changeProfile(id, profile) {
      const [changed] = await sql<{ tenant_id: string; profile_version: number }[]>`
        update cardholders set profile = ${jsonText(profile)}::text::jsonb, profile_version = profile_version + 1,
               version = version + 1
         where cardholder_id = ${id} and profile <> ${jsonText(profile)}::text::jsonb
        returning tenant_id, profile_version`;
      if (changed !== undefined) {
        // Stripe is told by the workflow of any of the holder's cards; the first one does it for all.
        const { tenant_id: tenantId, profile_version: version } = changed;
        const fact: CardFact = { kind: 'mirror_wanted', what: 'holder', version };
        const key = `mirror/holder/${version}`;
        await factForOpenCards(sql, { tenantId, cardholderId: id }, fact, { key });
      }
      const [row] = await sql<CardholderRow[]>`
        select ${columns} from cardholders where cardholder_id = ${id}`;
      invariant(row !== undefined, `cardholder ${id} is locked, so it is there`);
      return toCardholder(row);
    },

    async list(filter, page) {
      const { tenantId, customerRef } = filter;
      const rows = await sql<CardholderRow[]>`
        select ${columns} from cardholders where true
          ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
          ${customerRef === undefined ? sql`` : sql`and customer_ref = ${customerRef}`}
          ${afterCursor(sql, ORDER, page)}
         order by created_at desc, cardholder_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toCardholder), page, cursorIn(sql, ORDER));
    },
  };
}
