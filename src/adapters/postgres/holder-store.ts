/** The cardholder's row for the workflow's activities; changed under the row's lock only. */
import {
  type CardholderId,
  parseCardholderId,
  parseStripeCardholderId,
  parseVerificationSessionId,
} from '../../domain/ids.ts';
import type { CardholderProfile, KycStatus } from '../../ports/cardholders.ts';
import type { Holder, HolderStore, VerificationLink } from '../../ports/holder-store.ts';
import { tenantOf } from './card-store.ts';
import type { Queryable, Sql, Transaction } from './pool.ts';

interface HolderRow {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
  readonly cardholder_id: string;
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
  readonly kyc_status: KycStatus;
  readonly kyc_session_id: string | null;
  readonly kyc_verified_at: Date | null;
  readonly stripe_cardholder_id: string | null;
  readonly stripe_status: 'active' | 'inactive' | 'blocked';
  readonly stripe_disabled_reason: string | null;
  readonly profile_version: number;
  readonly stripe_profile_version: number;
}

const columns = (sql: Queryable) => sql`
  h.tenant_id, t.stripe_account, h.cardholder_id, h.type, h.profile, h.kyc_status, h.kyc_session_id,
  h.kyc_verified_at, h.stripe_cardholder_id, h.stripe_status, h.stripe_disabled_reason, h.profile_version,
  h.stripe_profile_version`;

export const createHolderStore = (sql: Sql): HolderStore => ({
  async ofCard(cardId) {
    const [row] = await sql<HolderRow[]>`
      select ${columns(sql)}
      from cards c
      join cardholders h using (cardholder_id)
      join tenants t on t.tenant_id = h.tenant_id
      where c.card_id = ${cardId}
      -- A verdict being written now is waited for: its cards were listed before this one asked.
      for share of h`;
    return row === undefined ? undefined : holderFrom(row);
  },
  recordVerification: (cardholderId, link, seen) =>
    sql.begin((tx) => recordVerification(tx, cardholderId, { ...link, ...seen })),
  async recordStripeCardholder(cardholderId, { id, profileVersion }) {
    const [row] = await sql<HolderRow[]>`
      update cardholders h
      set stripe_profile_version = case when coalesce(h.stripe_cardholder_id, ${id}) = ${id}
            then greatest(h.stripe_profile_version, least(${profileVersion}::bigint, h.profile_version))
            else h.stripe_profile_version end,
          stripe_cardholder_id = coalesce(h.stripe_cardholder_id, ${id}), version = h.version + 1
      from tenants t
      where h.cardholder_id = ${cardholderId} and t.tenant_id = h.tenant_id
      returning ${columns(sql)}`;
    if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
    return holderFrom(row);
  },
  async recordProfileSent(cardholderId, profileVersion) {
    await sql`
      update cardholders set stripe_profile_version = ${profileVersion}
      where cardholder_id = ${cardholderId} and stripe_profile_version < ${profileVersion}`;
  },
});

function holderFrom(row: HolderRow): Holder {
  const { kyc_session_id: session, stripe_cardholder_id: stripeId } = row;
  return {
    cardholderId: parseCardholderId(row.cardholder_id),
    tenant: tenantOf(row),
    type: row.type,
    profile: row.profile,
    kycStatus: row.kyc_status,
    kycVerifiedAtMs: row.kyc_verified_at?.getTime() ?? null,
    kycSessionId: session === null ? null : parseVerificationSessionId(session),
    stripeCardholderId: stripeId === null ? null : parseStripeCardholderId(stripeId),
    profileVersion: row.profile_version,
    stripeProfileVersion: row.stripe_profile_version,
    stripeProblem:
      row.stripe_disabled_reason ??
      (row.stripe_status === 'active' ? null : `cardholder_${row.stripe_status}`),
  };
}

async function recordVerification(
  tx: Transaction,
  cardholderId: CardholderId,
  link: VerificationLink & { readonly expired: boolean; readonly known: KycStatus },
): Promise<KycStatus> {
  const [row] = await tx<{ kyc_status: KycStatus; kyc_session_id: string | null }[]>`
    select kyc_status, kyc_session_id from cardholders where cardholder_id = ${cardholderId} for no key update`;
  if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
  const { kyc_status: status } = row;
  // A verdict that came in meanwhile counts; a session nobody needs does no harm.
  if (status === 'rejected' || (status === 'verified' && !link.expired)) return status;
  // The check failed while we asked for the link: only a new attempt takes that back.
  const isSame = row.kyc_session_id === link.sessionId;
  if (isSame && status === 'failed' && link.known === 'pending') return 'pending';
  await tx`
    update cardholders set
      kyc_status = 'pending',
      kyc_verified_at = null,
      kyc_last_error = null,
      -- Looking at a session that is under way is no attempt.
      kyc_attempts = kyc_attempts + ${isSame && link.known === 'pending' ? 0 : 1},
      kyc_url = ${link.url},
      -- Events are ranked per session; a new one begins anew.
      kyc_event_created = case when kyc_session_id = ${link.sessionId} then kyc_event_created else 0 end,
      kyc_session_id = ${link.sessionId},
      version = version + 1
    where cardholder_id = ${cardholderId}`;
  return 'pending';
}
