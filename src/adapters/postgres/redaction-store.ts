/** What is to be forgotten: evidence that Stripe Identity keeps of KYC checks, and what we have asked of providers. */
import { type KycReference, parseKycReference } from '../../domain/ids.ts';
import { KYC_REDACT_AFTER_MS, REQUEST_FORGOTTEN_AFTER_MS } from '../../domain/limits.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import { tenantOf } from './card-store.ts';
import type { Queryable, Sql } from './pool.ts';

export { markRedacted } from './check-views.ts';

export interface DueRedaction {
  readonly tenant: IssuerTenant;
  readonly reference: KycReference;
}

interface DueRow {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
  readonly reference: string;
}

/**
 * Checks that ended long enough ago: by a verdict, or without one where no card of the holder waits any more, or because
 * another check followed. Those made first come first.
 */
export async function dueRedactions(
  sql: Sql,
  options: { readonly nowMs: number; readonly limit: number; readonly except: readonly string[] },
): Promise<readonly DueRedaction[]> {
  const before = new Date(options.nowMs - KYC_REDACT_AFTER_MS);
  const rows = await sql<DueRow[]>`
    select a.tenant_id, t.stripe_account, a.result_id as reference
      from stripe_attempts a join cardholders h on h.cardholder_id = a.subject_id
      join tenants t on t.tenant_id = a.tenant_id
     where a.step = 'create_verification' and a.result_id is not null and a.redacted_at is null
       and a.request ->> 'provider' = 'stripe_identity' and a.finished_at <= ${before}
       and a.result_id <> all (${[...options.except]})
       and (h.kyc_session_id is distinct from a.result_id
            or h.kyc_decided_at <= ${before} and h.kyc_status in ('verified', 'rejected')
            or coalesce(h.kyc_decided_at, a.finished_at) <= ${before}
               and not exists (select from cards c where c.cardholder_id = h.cardholder_id and c.phase = 'kyc'))
     order by a.finished_at limit ${options.limit}`;
  return rows.map((row) => ({
    tenant: tenantOf(row),
    reference: parseKycReference(row.reference),
  }));
}

/** Empties requests that were answered long ago, but for what tells which provider was asked. Returns how many. */
export async function forgetRequests(
  sql: Queryable,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const before = new Date(nowMs - REQUEST_FORGOTTEN_AFTER_MS);
  const forgotten = await sql`
    update stripe_attempts a
       set request = jsonb_strip_nulls(jsonb_build_object('forgotten', true, 'provider', a.request -> 'provider'))
      from (select subject_id, step, attempt from stripe_attempts
             where finished_at is not null and not request ? 'forgotten' and finished_at <= ${before}
             order by finished_at limit ${limit}) old
     where (a.subject_id, a.step, a.attempt) = (old.subject_id, old.step, old.attempt)`;
  return forgotten.count;
}
