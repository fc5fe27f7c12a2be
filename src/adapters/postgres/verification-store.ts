/** The running verification in the holder's row; claimed and recorded under the row's lock. */
import {
  type CardId,
  type KycReference,
  parseCardholderId,
  parseKycReference,
} from '../../domain/ids.ts';
import { type KycStatus, kycFact, kycStep } from '../../domain/kyc.ts';
import { type KycProviderName } from '../../domain/kyc-providers.ts';
import { daysInMs, KYC_VALID_FOR_MS } from '../../domain/limits.ts';
import type {
  MadeCheck,
  RecordedCheck,
  RunningClaim,
  Verification,
  VerificationClaim,
  VerificationStore,
} from '../../ports/verification-store.ts';
import { tenantOf } from './card-store.ts';
import { type StandingRow, standingOf, takeView } from './check-views.ts';
import { factForOpenCards } from './fact-store.ts';
import { jsonText } from './json-column.ts';
import { openReview } from './manual-review.ts';
import type { Sql, Transaction } from './pool.ts';

export const createVerificationStore = (sql: Sql): VerificationStore => ({
  claim: (cardId, nowMs) => sql.begin((tx) => claim(tx, cardId, nowMs)),
  record: (claimed, made) => sql.begin((tx) => record(tx, claimed, made)),
  release: (claimed, code, askedBy) => sql.begin((tx) => release(tx, claimed, code, askedBy)),
  ofCard: (cardId) => ofCard(sql, cardId),
  see: (of, view, askedBy) =>
    sql.begin((tx) => {
      const { tenant, cardholderId, provider, reference } = of;
      const holder = { tenantId: tenant.tenantId, cardholderId, provider, reference };
      return takeView(tx, holder, view, askedBy);
    }),
});

interface ClaimRow {
  readonly cardholder_id: string;
  readonly kyc_status: KycStatus;
  readonly kyc_provider: KycProviderName;
  readonly kyc_session_id: string | null;
  readonly kyc_verified_at: Date | null;
  readonly wanted: KycProviderName;
  readonly valid_for_days: number | null;
}

async function claim(
  tx: Transaction,
  cardId: CardId,
  nowMs: number,
): Promise<VerificationClaim | undefined> {
  // A verdict being written now is waited for: its cards were listed before this one asked.
  const [row] = await tx<ClaimRow[]>`
    select h.cardholder_id, h.kyc_status, h.kyc_provider, h.kyc_session_id, h.kyc_verified_at,
           coalesce(c.options #>> '{kyc,provider}', t.kyc_provider) as wanted,
           (c.options #>> '{kyc,validForDays}')::integer as valid_for_days
      from cards c join cardholders h using (cardholder_id) join tenants t on t.tenant_id = h.tenant_id
     where c.card_id = ${cardId} for no key update of h`;
  if (row === undefined) return undefined;
  const days = row.valid_for_days;
  const wish = {
    provider: row.wanted,
    validForMs: days === null ? KYC_VALID_FOR_MS : daysInMs(days),
  };
  const verifiedAtMs = row.kyc_verified_at?.getTime() ?? null;
  const step = kycStep(
    { status: row.kyc_status, provider: row.kyc_provider, verifiedAtMs },
    wish,
    nowMs,
  );
  if (step === 'verified' || step === 'rejected') return { kind: step };
  if (step === 'begin') await begin(tx, row);
  if (step === 'again') await tryAgain(tx, row);
  const known = step === 'begin' ? null : row.kyc_session_id;
  return {
    kind: 'running',
    cardholderId: parseCardholderId(row.cardholder_id),
    provider: step === 'join' ? row.kyc_provider : row.wanted,
    reference: known === null ? null : parseKycReference(known),
    isNewTry: step !== 'join',
  };
}

/** A new check, whose messages are ranked from the start. An earlier verification stays known while it runs. */
async function begin(tx: Transaction, row: ClaimRow): Promise<void> {
  await tx`
    update cardholders
       set kyc_status = 'pending', kyc_provider = ${row.wanted}, kyc_session_id = null, kyc_url = null,
           kyc_event_created = 0, kyc_last_error = null, kyc_decided_at = null,
           kyc_redacted_at = null, kyc_attempts = kyc_attempts + 1, version = version + 1
     where cardholder_id = ${row.cardholder_id}`;
}

/** The failure is kept, so that a poll that shows it once more is recognized. */
async function tryAgain(tx: Transaction, row: ClaimRow): Promise<void> {
  await tx`
    update cardholders
       set kyc_status = 'pending', kyc_decided_at = null, kyc_attempts = kyc_attempts + 1, version = version + 1
     where cardholder_id = ${row.cardholder_id}`;
}

/**
 * Written only while the row waits for it: a verdict or a failure that came in meanwhile counts, and so does a newer
 * check that somebody else has recorded since the claim.
 */
async function record(
  tx: Transaction,
  claimed: RunningClaim,
  made: MadeCheck,
): Promise<RecordedCheck> {
  const { cardholderId } = claimed;
  const { provider, reference, url } = made;
  const isSame = tx`kyc_session_id is not distinct from ${reference}`;
  await tx`
    update cardholders
       set kyc_provider = ${provider}, kyc_session_id = ${reference}, kyc_url = ${url}, version = version + 1,
           kyc_event_created = case when ${isSame} then kyc_event_created else 0 end,
           kyc_last_error = case when ${isSame} then kyc_last_error end,
           kyc_redacted_at = case when ${isSame} then kyc_redacted_at end
     where cardholder_id = ${cardholderId} and kyc_status = 'pending'
       and (kyc_session_id is null or ${isSame} or kyc_session_id is not distinct from ${claimed.reference})`;
  const [row] = await tx<RecordedCheck[]>`
    select kyc_status as status, kyc_provider as provider
      from cardholders where cardholder_id = ${cardholderId} for no key update`;
  if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
  if (row.provider === 'manual') await openReview(tx, cardholderId);
  return row;
}

async function release(
  tx: Transaction,
  { cardholderId, reference, isNewTry }: RunningClaim,
  code: string,
  askedBy: CardId,
): Promise<void> {
  const lastError = { code, reason: null, failureId: null };
  const [row] = await tx<{ tenant_id: string; version: number }[]>`
    update cardholders
       set kyc_status = 'failed', kyc_attempts = greatest(kyc_attempts - ${isNewTry ? 1 : 0}, 0),
           version = version + 1, kyc_last_error = ${jsonText(lastError)}::text::jsonb, kyc_url = null
     where cardholder_id = ${cardholderId} and kyc_status = 'pending'
       and kyc_session_id is not distinct from ${reference}
    returning tenant_id, version`;
  // Cards that share a check which was never made ask for it themselves.
  if (row === undefined || reference === null) return;
  const fact = kycFact({ status: 'failed', viewS: 0, lastError });
  const key = `kyc/released/${row.version}`;
  const owner = { tenantId: row.tenant_id, cardholderId };
  await factForOpenCards(tx, owner, fact, { key, except: askedBy });
}

interface VerificationRow extends StandingRow {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
  readonly cardholder_id: string;
  readonly kyc_provider: KycProviderName;
  readonly kyc_session_id: string | null;
}

async function ofCard(sql: Sql, cardId: CardId): Promise<Verification | undefined> {
  const [row] = await sql<VerificationRow[]>`
    select h.tenant_id, t.stripe_account, h.cardholder_id, h.kyc_provider, h.kyc_session_id, h.kyc_status,
           h.kyc_event_created, h.kyc_last_error
      from cards c join cardholders h using (cardholder_id) join tenants t on t.tenant_id = h.tenant_id
     where c.card_id = ${cardId}`;
  if (row === undefined) return undefined;
  return {
    tenant: tenantOf(row),
    cardholderId: parseCardholderId(row.cardholder_id),
    provider: row.kyc_provider,
    reference: referenceOf(row.kyc_session_id),
    standing: standingOf(row),
  };
}

const referenceOf = (text: string | null): KycReference | null =>
  text === null ? null : parseKycReference(text);
