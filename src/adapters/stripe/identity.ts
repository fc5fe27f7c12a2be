/** Stripe Identity: one document check for a holder, done on a page of Stripe's. */
import type { Stripe } from 'stripe';
import { parseVerificationSessionId } from '../../domain/ids.ts';
import type { Holder } from '../../ports/holder-store.ts';
import type { IdentityVerifier, VerificationSession } from '../../ports/identity-verifier.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';
import { accountOf, creating, reading } from './client.ts';

/** A holder has a handful of sessions; one page holds them all. */
const PAGE = 100;

export function createIdentityVerifier(stripe: Stripe): IdentityVerifier {
  const { verificationSessions } = stripe.identity;
  return {
    draftSession: sessionParams,

    async sendSession(tenant, request, idempotencyKey) {
      const options = { ...accountOf(tenant), idempotencyKey };
      return creating(async () => {
        const params = request as unknown as Stripe.Identity.VerificationSessionCreateParams;
        return sessionFrom(await verificationSessions.create(params, options));
      });
    },

    async findSession(tenant, { cardholderId, attempt }) {
      const query = { client_reference_id: cardholderId, limit: PAGE };
      const found = await reading(async () => {
        for await (const session of verificationSessions.list(query, accountOf(tenant))) {
          const ours = session.metadata['attempt'] === String(attempt);
          if (ours && session.status !== 'canceled') return session;
        }
        return undefined;
      });
      return found === undefined ? undefined : sessionFrom(found);
    },

    async readSession(tenant, id) {
      const session = await reading(() => verificationSessions.retrieve(id, {}, accountOf(tenant)));
      return session === undefined ? undefined : sessionFrom(session);
    },
  };
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

const STATUSES: readonly VerificationSession['status'][] = [
  'requires_input',
  'processing',
  'verified',
  'canceled',
];

/** A status that we do not know is treated as one that still waits for something. */
const sessionFrom = (session: Stripe.Identity.VerificationSession): VerificationSession => ({
  sessionId: parseVerificationSessionId(session.id),
  status: STATUSES.find((status) => status === session.status) ?? 'processing',
  url: session.url,
});
