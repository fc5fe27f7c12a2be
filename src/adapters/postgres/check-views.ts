/** Takes in what a check of a holder shows, alike whether a message brought it or a poll. */
import type { CardId, KycReference, TenantId } from '../../domain/ids.ts';
import {
  type CheckError,
  type CheckView,
  type KycStanding,
  type KycStatus,
  kycFact,
  linkAfter,
  standingAfter,
} from '../../domain/kyc.ts';
import { type KycProviderName } from '../../domain/kyc-providers.ts';
import type { RedactionSighting, Sighting, VerificationSighting } from '../../domain/sighting.ts';
import { factForOpenCards } from './fact-store.ts';
import { lockAccountsOfHolder } from './holder-locks.ts';
import { jsonText } from './json-column.ts';
import type { Queryable, Transaction } from './pool.ts';

export interface StandingRow {
  readonly kyc_status: KycStatus;
  readonly kyc_event_created: number;
  readonly kyc_last_error: CheckError | null;
}

export const standingOf = (row: StandingRow): KycStanding => ({
  status: row.kyc_status,
  viewS: row.kyc_event_created,
  lastError: row.kyc_last_error,
});

interface CheckedHolder {
  readonly tenantId: TenantId;
  readonly cardholderId: string;
  readonly provider: KycProviderName;
  readonly reference: KycReference;
}

/**
 * Writes what the view makes of the holder's standing and tells the open cards, but for the one that asked. A view of
 * a check that is no longer the holder's changes nothing. Returns the standing that holds now.
 */
export async function takeView(
  tx: Transaction,
  holder: CheckedHolder,
  view: CheckView,
  askedBy: CardId | null,
): Promise<KycStanding> {
  const { tenantId, cardholderId, provider, reference } = holder;
  // Decisions decline the cards of a rejected holder.
  if (view.status === 'rejected') await lockAccountsOfHolder(tx, cardholderId);
  const [row] = await tx<(StandingRow & { is_current: boolean })[]>`
    select kyc_status, kyc_event_created, kyc_last_error,
           (kyc_provider, kyc_session_id) is not distinct from (${provider}::text, ${reference}::text) as is_current
      from cardholders where cardholder_id = ${cardholderId} for no key update`;
  if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
  const before = standingOf(row);
  if (!row.is_current) return before;
  const link = linkAfter(before, view);
  if (link !== undefined) {
    await tx`
      update cardholders set kyc_url = ${link}, version = version + 1
       where cardholder_id = ${cardholderId} and kyc_url is distinct from ${link}::text`;
  }
  const after = standingAfter(before, view);
  if (after === null) return before;
  await tx`
    update cardholders set kyc_status = ${after.status}, kyc_event_created = ${after.viewS},
           kyc_last_error = ${after.lastError === null ? null : jsonText(after.lastError)}::text::jsonb,
           kyc_verified_at = case ${after.status} when 'verified' then now() when 'rejected' then null
                                  else kyc_verified_at end,
           kyc_decided_at = case when ${after.status !== 'pending'} then now() end, version = version + 1
     where cardholder_id = ${cardholderId}`;
  if (after.status !== 'pending') {
    const key = `kyc/${reference}/${view.status}/${view.atS}`;
    await factForOpenCards(tx, { tenantId, cardholderId }, kycFact(after), {
      key,
      except: askedBy,
    });
  }
  return after;
}

/** What was seen of checks in one group of messages, in the order of all locks: accounts come before their holder. */
export async function lockForChecks(
  tx: Transaction,
  seen: readonly { readonly tenantId: TenantId; readonly sighting: Sighting }[],
): Promise<void> {
  for (const { tenantId, sighting } of seen) {
    if (sighting.kind !== 'verification' || sighting.view.status !== 'rejected') continue;
    const holder = await holderOfCheck(tx, tenantId, sighting);
    if (holder !== undefined) await lockAccountsOfHolder(tx, holder);
  }
}

/** `unknown`: the check is about to be recorded, or is none of ours. `misaddressed`: it is another holder's. */
export async function applyVerification(
  tx: Transaction,
  tenantId: TenantId,
  seen: VerificationSighting,
): Promise<'applied' | 'unknown' | 'misaddressed'> {
  const { provider, reference, view } = seen;
  const cardholderId = await holderOfCheck(tx, tenantId, seen);
  if (cardholderId === undefined) {
    return (await isGivenUp(tx, tenantId, reference)) ? 'applied' : 'unknown';
  }
  if (seen.holder !== null && seen.holder.cardholderId !== cardholderId) return 'misaddressed';
  await takeView(tx, { tenantId, cardholderId, provider, reference }, view, null);
  return 'applied';
}

async function holderOfCheck(
  tx: Transaction,
  tenantId: TenantId,
  { provider, reference }: VerificationSighting,
): Promise<string | undefined> {
  const [row] = await tx<{ cardholder_id: string }[]>`
    select cardholder_id from cardholders
     where tenant_id = ${tenantId} and kyc_session_id = ${reference} and kyc_provider = ${provider}`;
  return row?.cardholder_id;
}

/** A check that another one has followed, or that nobody waits for any more: what it shows is no news. */
async function isGivenUp(
  sql: Queryable,
  tenantId: TenantId,
  reference: KycReference,
): Promise<boolean> {
  const [row] = await sql<{ is_given_up: boolean }[]>`
    select h.kyc_status <> 'pending' or exists (
             select from stripe_attempts later
              where later.subject_id = a.subject_id and later.step = a.step and later.attempt > a.attempt)
             as is_given_up
      from stripe_attempts a join cardholders h on h.cardholder_id = a.subject_id
     where a.step = 'create_verification' and a.result_id = ${reference} and a.tenant_id = ${tenantId}`;
  return row?.is_given_up === true;
}

export async function applyRedaction(
  tx: Transaction,
  tenantId: TenantId,
  { reference }: RedactionSighting,
): Promise<'applied'> {
  await markRedacted(tx, { tenantId, reference });
  return 'applied';
}

/** The reason of a failure may be personal and goes too; what was decided stays. */
export async function markRedacted(
  sql: Queryable,
  check: { readonly tenantId: string; readonly reference: string },
): Promise<void> {
  const { tenantId, reference } = check;
  await sql`
    with marked as (
      update stripe_attempts set redacted_at = now()
       where step = 'create_verification' and result_id = ${reference} and tenant_id = ${tenantId}
         and redacted_at is null)
    update cardholders set kyc_redacted_at = now(), version = version + 1,
           kyc_last_error = kyc_last_error || '{"reason": null}'
     where tenant_id = ${tenantId} and kyc_session_id = ${reference} and kyc_redacted_at is null`;
}
