/** KYC: one verification for a holder, however many cards wait for it. The holder's row owns the outcome. */
import type { CardFact } from '../src/domain/card-facts.ts';
import { type CardId, parseKycReference } from '../src/domain/ids.ts';
import { kycFact } from '../src/domain/kyc.ts';
import { KYC_PROVIDERS, type KycProviderName } from '../src/domain/kyc-providers.ts';
import type { Holder } from '../src/ports/holder-store.ts';
import type { FrozenRequest } from '../src/ports/issuer.ts';
import type { KycCheck } from '../src/ports/kyc-provider.ts';
import type { RecordedCheck, RunningClaim } from '../src/ports/verification-store.ts';
import { type Creation, createOnce } from './create-once.ts';
import { type ActivityPorts, type CardArgument, holderOf, unknownCard } from './ports.ts';

const VERIFIED: CardFact = { kind: 'identity_verified' };
const REJECTED: CardFact = { kind: 'kyc_decided', approved: false };

/** The provider is none of this installation's, or not any more. */
const NOT_CONFIGURED = { kind: 'refused', code: 'provider_not_configured', param: null } as const;

export const createVerificationActivities = (ports: ActivityPorts) => ({
  /**
   * Answers `identity_verified` where an earlier verification still counts, else makes sure one is under way whose link
   * the customer can use. A provider that takes no request is a failure that a person sees, and may have tried again.
   */
  async ensureVerification({ cardId }: CardArgument): Promise<CardFact> {
    const claim = await ports.verifications.claim(cardId, ports.clock.nowMs());
    if (claim === undefined) throw unknownCard(cardId);
    if (claim.kind !== 'running') return claim.kind === 'verified' ? VERIFIED : REJECTED;
    // Another card may have begun it; its check is looked at all the same, because links expire.
    const holder = await holderOf(ports, cardId);
    const created =
      ports.kyc[claim.provider] === undefined
        ? NOT_CONFIGURED
        : await createOnce(ports, checkFor(ports, holder, claim));
    if (created.kind === 'refused') return givenUp(ports, claim, created.code, cardId);
    return factOf(await ports.verifications.record(claim, created.made));
  },

  /** Asks the provider in case its message was missed, and writes what the message would have. */
  async readVerification({ cardId }: CardArgument): Promise<CardFact> {
    const running = await ports.verifications.ofCard(cardId);
    if (running === undefined) throw unknownCard(cardId);
    const { tenant, cardholderId, provider, reference, standing } = running;
    const isDecided = standing.status === 'verified' || standing.status === 'rejected';
    const asked = ports.kyc[provider];
    if (isDecided || reference === null || asked === undefined) return kycFact(standing);
    const check = await asked.read(tenant, { cardholderId, reference });
    if (check === undefined) return { kind: 'identity_canceled' };
    const { status, error, url, atS } = check;
    const view = { source: 'fetched', status, error, url, atS } as const;
    return kycFact(await ports.verifications.see({ ...running, reference }, view, cardId));
  },
});

/** A failure is told by the message that brought it: this card hears of it like all others. */
function factOf({ status, provider }: RecordedCheck): CardFact {
  if (status === 'verified') return VERIFIED;
  return status === 'rejected' ? REJECTED : { kind: 'verification_started', provider };
}

async function givenUp(
  { verifications }: ActivityPorts,
  claim: RunningClaim,
  refusal: string,
  cardId: CardId,
): Promise<CardFact> {
  const code = refusal === NOT_CONFIGURED.code ? refusal : `refused_${refusal}`;
  await verifications.release(claim, code, cardId);
  return { kind: 'identity_failed', code };
}

type MadeCheck = KycCheck & { readonly provider: KycProviderName };

/** The stored request names its provider, so that whoever repeats an attempt asks the one that was asked first. */
function checkFor(
  { kyc }: ActivityPorts,
  holder: Holder,
  claim: RunningClaim,
): Creation<MadeCheck> {
  const { tenant, cardholderId } = holder;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardholderId,
    step: 'create_verification',
    draft: (attempt) => ({
      provider: claim.provider,
      check: kyc[claim.provider]?.draft(holder, attempt),
    }),
    async send(request, key) {
      const { provider, check } = readRequest(request);
      // An attempt that was begun with a provider of before ends, so that the next asks the one of now.
      const answer = (await kyc[provider]?.send(tenant, check, key)) ?? NOT_CONFIGURED;
      return answer.kind === 'made' ? { ...answer, made: { ...answer.made, provider } } : answer;
    },
    async find({ request, attempt }) {
      const { provider } = readRequest(request);
      const found = await kyc[provider]?.find(tenant, { cardholderId, attempt });
      return found === undefined ? undefined : { ...found, provider };
    },
    async reuse(resultId, { request }) {
      const { provider } = readRequest(request);
      if (provider !== claim.provider) return undefined;
      const reference = parseKycReference(resultId);
      const check = await kyc[provider]?.read(tenant, { cardholderId, reference });
      return check !== undefined && isUsable(check, claim) ? { ...check, provider } : undefined;
    },
    idOf: ({ reference }) => reference,
  };
}

function isUsable({ status, isOpen, reference }: KycCheck, claim: RunningClaim): boolean {
  // After a failed try the next one may be made in the same check, as long as the customer gets in.
  if (status === 'requires_input' || status === 'processing') return isOpen;
  // The message about it is on its way, unless this is the check of a verification that has become too old.
  return (status === 'verified' || status === 'rejected') && reference === claim.reference;
}

function readRequest(request: FrozenRequest): { provider: KycProviderName; check: FrozenRequest } {
  const provider = KYC_PROVIDERS.find((name) => name === request['provider']);
  if (provider === undefined) throw new Error('a stored request names no KYC provider');
  return { provider, check: request['check'] as FrozenRequest };
}
