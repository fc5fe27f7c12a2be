/** KYC: one verification for a holder, however many cards wait for it. The holder's row owns the outcome. */
import { ApplicationFailure } from '@temporalio/common';
import type { CardFact } from '../src/domain/card-facts.ts';
import { parseVerificationSessionId } from '../src/domain/ids.ts';
import { KYC_VALID_FOR_MS } from '../src/domain/limits.ts';
import type { KycStatus } from '../src/ports/cardholders.ts';
import type { Holder } from '../src/ports/holder-store.ts';
import type { VerificationSession } from '../src/ports/identity-verifier.ts';
import { type Creation, createOnce } from './create-once.ts';
import { type ActivityPorts, type CardArgument, holderOf } from './ports.ts';

const VERIFIED: CardFact = { kind: 'identity_verified' };
const REJECTED: CardFact = { kind: 'kyc_decided', approved: false };
const STARTED: CardFact = { kind: 'verification_started' };

export const createVerificationActivities = (ports: ActivityPorts) => ({
  /** Answers `identity_verified` where an earlier verification still counts, else makes sure one is under way. */
  async ensureVerification({ cardId }: CardArgument): Promise<CardFact> {
    const holder = await holderOf(ports, cardId);
    const verifiedForMs = ports.clock.nowMs() - (holder.kycVerifiedAtMs ?? 0);
    const expired = holder.kycStatus === 'verified' && verifiedForMs >= KYC_VALID_FOR_MS;
    if (holder.kycStatus === 'rejected') return REJECTED;
    if (holder.kycStatus === 'verified' && !expired) return VERIFIED;
    // Another card may have begun it; its session is looked at all the same, because links expire.
    const created = await createOnce(ports, sessionFor(ports, holder, expired));
    if (created.kind === 'refused') {
      throw ApplicationFailure.retryable(`verification refused: ${created.code}`, 'KYC_REFUSED');
    }
    const { sessionId, url } = created.made;
    const status = await ports.holders.recordVerification(
      holder.cardholderId,
      { sessionId, url },
      { expired, known: holder.kycStatus },
    );
    return factOf(status);
  },
});

function factOf(status: KycStatus): CardFact {
  if (status === 'verified') return VERIFIED;
  return status === 'rejected' ? REJECTED : STARTED;
}

function sessionFor(
  { identity }: ActivityPorts,
  holder: Holder,
  expired: boolean,
): Creation<VerificationSession> {
  const { tenant, cardholderId } = holder;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardholderId,
    step: 'create_verification',
    draft: (attempt) => identity.draftSession(holder, attempt),
    send: (request, key) => identity.sendSession(tenant, request, key),
    find: ({ attempt }) => identity.findSession(tenant, { cardholderId, attempt }),
    async reuse(resultId) {
      // After a failed check Stripe takes the next try in the same session.
      const session = await identity.readSession(tenant, parseVerificationSessionId(resultId));
      if (session?.status === 'requires_input' || session?.status === 'processing') return session;
      // Verified already, and the event that says so is on its way; an expired verification is made anew.
      return session?.status === 'verified' && !expired ? session : undefined;
    },
    idOf: ({ sessionId }) => sessionId,
  };
}
