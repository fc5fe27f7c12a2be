/**
 * KYC by a person: the check is an attention item of the holder, and the verdict comes through the API. The item lives as
 * long as the holder's row waits for a person, under the row's lock, so that none is left over.
 */
import { parseCardholderId, parseKycReference } from '../../domain/ids.ts';
import type { CheckStatus, KycStatus } from '../../domain/kyc.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';
import type { KycCheck, KycProvider } from '../../ports/kyc-provider.ts';
import { closeAttention, openAttention } from './attention.ts';
import type { Queryable, Sql, Transaction } from './pool.ts';

/** Kind of the attention item, whose subject is the holder. */
const KYC_REVIEW = 'kyc_review';

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

  /** Only names the review; the item is opened when it is recorded. */
  send: async (_tenant, request) => ({ kind: 'made', made: reviewOf(request) }),

  /** Naming it twice names one, so there is never one to look for. */
  find: async () => undefined,

  async read({ tenantId }, { cardholderId, reference }) {
    const [row] = await sql<{ status: KycStatus; view_s: number; is_other: boolean }[]>`
      select kyc_status as status, kyc_event_created as view_s,
             kyc_provider <> 'manual' or kyc_session_id <> ${reference} is true as is_other
        from cardholders where tenant_id = ${tenantId} and cardholder_id = ${cardholderId}`;
    if (row === undefined) return undefined;
    const status = row.is_other ? 'canceled' : STATUSES[row.status];
    return { reference, status, url: null, isOpen: true, error: null, atS: row.view_s };
  },
});

/** The reference follows from the request, so that a repeat names the same review; it names its holder. */
function reviewOf(request: FrozenRequest): KycCheck {
  const cardholderId = parseCardholderId(String(request['cardholderId']));
  const reference = parseKycReference(`review:${cardholderId}:${String(request['attempt'])}`);
  return { reference, status: 'processing', url: null, isOpen: true, error: null };
}

/** The caller has locked the holder's row. Nothing is opened unless it waits for a person, and a card for it. */
export async function openReview(tx: Transaction, cardholderId: string): Promise<void> {
  const [row] = await tx<{ tenant_id: string }[]>`
    select tenant_id from cardholders h
     where cardholder_id = ${cardholderId} and kyc_status = 'pending' and kyc_provider = 'manual'
       and exists (select from cards c where c.cardholder_id = h.cardholder_id and c.phase = 'kyc')`;
  if (row === undefined) return;
  await openAttention(tx, { tenantId: row.tenant_id, kind: KYC_REVIEW, subject: cardholderId });
}

/** A card has left KYC. Closes the review when it was the last that waited; the next one that does opens it again. */
export async function closeUnwantedReview(tx: Transaction, cardholderId: string): Promise<void> {
  // Of two cards that leave at the same moment the second sees that the first has left.
  await tx`select 1 from cardholders where cardholder_id = ${cardholderId} for no key update`;
  const [waiting] = await tx`
    select 1 from cards where cardholder_id = ${cardholderId} and phase = 'kyc' limit 1`;
  if (waiting === undefined) await closeReview(tx, cardholderId, 'no card waits for it any more');
}

export const closeReview = (
  sql: Queryable,
  cardholderId: string,
  resolution: string,
): Promise<void> => closeAttention(sql, { kind: KYC_REVIEW, subject: cardholderId, resolution });
