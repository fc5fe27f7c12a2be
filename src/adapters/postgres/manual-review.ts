/** KYC by a person: the check is an attention item of the holder, and the verdict comes through the API. */
import { type CardholderId, parseCardholderId, parseKycReference } from '../../domain/ids.ts';
import type { CheckStatus, KycStatus } from '../../domain/kyc.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';
import type { KycCheck, KycProvider } from '../../ports/kyc-provider.ts';
import { openAttention } from './attention.ts';
import type { Sql } from './pool.ts';

/** Kind of the attention item, whose subject is the holder. */
export const KYC_REVIEW = 'kyc_review';

const STATUSES: Readonly<Record<KycStatus, CheckStatus>> = {
  unverified: 'processing',
  pending: 'processing',
  verified: 'verified',
  // It was given up for another provider.
  failed: 'canceled',
  rejected: 'rejected',
};

export const createManualReview = (sql: Sql): KycProvider => ({
  draft: ({ cardholderId }, attempt) => ({ cardholderId, attempt }),

  async send({ tenantId }, request) {
    const { cardholderId, check } = reviewOf(request);
    await openAttention(sql, { tenantId, kind: KYC_REVIEW, subject: cardholderId });
    return { kind: 'made', made: check };
  },

  /** Opening an item twice leaves one, so there is never one to look for. */
  find: async () => undefined,

  async read({ tenantId }, reference) {
    const [row] = await sql<{ status: KycStatus; view_s: number; is_other: boolean }[]>`
      select kyc_status as status, kyc_event_created as view_s,
             kyc_provider <> 'manual' or kyc_session_id <> ${reference} is true as is_other
        from cardholders where tenant_id = ${tenantId} and cardholder_id = split_part(${reference}, ':', 2)`;
    if (row === undefined) return undefined;
    const status = row.is_other ? 'canceled' : STATUSES[row.status];
    return { reference, status, url: null, error: null, atS: row.view_s };
  },
});

/** The reference follows from the request, so that a repeat names the same review; it names its holder. */
function reviewOf(request: FrozenRequest): { cardholderId: CardholderId; check: KycCheck } {
  const cardholderId = parseCardholderId(String(request['cardholderId']));
  const reference = parseKycReference(`review:${cardholderId}:${String(request['attempt'])}`);
  return { cardholderId, check: { reference, status: 'processing', url: null, error: null } };
}
