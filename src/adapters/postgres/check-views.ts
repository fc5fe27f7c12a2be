/** Takes in what a check of a holder shows, alike whether a message brought it or a poll. */
import type { CardId, KycReference, TenantId } from '../../domain/ids.ts';
import {
  type CheckError,
  type CheckView,
  type KycProviderName,
  type KycStanding,
  type KycStatus,
  kycFact,
  standingAfter,
} from '../../domain/kyc.ts';
import type { RedactionSighting, VerificationSighting } from '../../domain/sighting.ts';
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
  const after = row.is_current ? standingAfter(before, view) : null;
  if (after === null) return before;
  await tx`
    update cardholders set kyc_status = ${after.status}, kyc_event_created = ${after.viewS},
           kyc_last_error = ${after.lastError === null ? null : jsonText(after.lastError)}::text::jsonb,
           kyc_verified_at = case when ${after.status === 'verified'} then now() end,
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

/** `unknown`: the check is about to be recorded, or is none of ours. */
export async function applyVerification(
  tx: Transaction,
  tenantId: TenantId,
  { provider, reference, view }: VerificationSighting,
): Promise<'applied' | 'unknown'> {
  const [row] = await tx<{ cardholder_id: string }[]>`
    select cardholder_id from cardholders
     where tenant_id = ${tenantId} and kyc_session_id = ${reference} and kyc_provider = ${provider}`;
  if (row === undefined) {
    return (await isGivenUp(tx, tenantId, reference)) ? 'applied' : 'unknown';
  }
  const holder = { tenantId, cardholderId: row.cardholder_id, provider, reference };
  await takeView(tx, holder, view, null);
  return 'applied';
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
