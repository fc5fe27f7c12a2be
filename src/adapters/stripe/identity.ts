/** Stripe Identity: one document check for a holder, done on a page of Stripe's. */
import type { Stripe } from 'stripe';
import { type KycReference, parseKycReference } from '../../domain/ids.ts';
import type { CheckStatus } from '../../domain/kyc.ts';
import type { Holder } from '../../ports/holder-store.ts';
import type { FrozenRequest, IssuerTenant } from '../../ports/issuer.ts';
import type { KycCheck, KycProvider, KycRedactor } from '../../ports/kyc-provider.ts';
import { timed } from './answered-at.ts';
import { accountOf, changing, creating, reading } from './client.ts';
import { sessionError } from './session-error.ts';

/** A holder has a handful of sessions; one page holds them all. */
const PAGE = 100;
const UNKNOWN_SESSION = 'resource_missing';

export function createStripeIdentity(stripe: Stripe): KycProvider & KycRedactor {
  const { verificationSessions } = stripe.identity;
  return {
    draft: sessionParams,

    async send(tenant, request, idempotencyKey) {
      const options = { ...accountOf(tenant), idempotencyKey };
      return creating(async () => {
        const params = request as unknown as Stripe.Identity.VerificationSessionCreateParams;
        return checkFrom(await verificationSessions.create(params, options));
      });
    },

    async find(tenant, { cardholderId, attempt }) {
      const query = { client_reference_id: cardholderId, limit: PAGE };
      const found = await reading(async () => {
        for await (const session of verificationSessions.list(query, accountOf(tenant))) {
          const ours = session.metadata['attempt'] === String(attempt);
          if (ours && session.status !== 'canceled') return session;
        }
        return undefined;
      });
      return found === undefined ? undefined : checkFrom(found);
    },

    async read(tenant, { reference }) {
      const read = await reading(() =>
        timed(() => verificationSessions.retrieve(reference, {}, accountOf(tenant))),
      );
      // Events created while the call was under way are newer than what it saw.
      return read === undefined ? undefined : { ...checkFrom(read.answer), atS: read.asOfS };
    },

    redact: (tenant, reference) => redact(stripe, tenant, reference),
  };
}

/** Stripe takes up to four days for it, and refuses to begin twice; a session that waits for input it cancels. */
async function redact(
  stripe: Stripe,
  tenant: IssuerTenant,
  reference: KycReference,
): Promise<'redacted' | 'not_yet'> {
  const { verificationSessions } = stripe.identity;
  const asked = await changing(() => verificationSessions.redact(reference, {}, accountOf(tenant)));
  if (asked.kind === 'changed' || asked.code === UNKNOWN_SESSION) return 'redacted';
  const session = await reading(() =>
    verificationSessions.retrieve(reference, {}, accountOf(tenant)),
  );
  return session === undefined || session.redaction !== null ? 'redacted' : 'not_yet';
}

function sessionParams(holder: Holder, attempt: number): FrozenRequest {
  const params: Stripe.Identity.VerificationSessionCreateParams = {
    type: 'document',
    client_reference_id: holder.cardholderId,
    metadata: {
      cardholder_id: holder.cardholderId,
      tenant_id: holder.tenant.tenantId,
      attempt: String(attempt),
    },
  };
  return { ...params };
}

const STATUSES: readonly CheckStatus[] = ['requires_input', 'processing', 'verified', 'canceled'];

/** A status that we do not know is treated as one that still waits for something. */
const checkFrom = (session: Stripe.Identity.VerificationSession): KycCheck => ({
  reference: parseKycReference(session.id),
  status: STATUSES.find((status) => status === session.status) ?? 'processing',
  url: session.url,
  // Links work once and for 48 h. Where Stripe shows none any more, nobody can begin.
  isOpen: session.status !== 'requires_input' || session.url !== null,
  error: sessionError({
    code: session.last_error?.code ?? null,
    reason: session.last_error?.reason ?? null,
    report: reportId(session.last_verification_report),
  }),
});

const reportId = (
  report: Stripe.Identity.VerificationSession['last_verification_report'],
): string | null => (report === null || typeof report === 'string' ? report : report.id);
