/** KYC: one verification for a holder, however many cards wait for it. The holder's row owns the outcome. */
import { ApplicationFailure } from '@temporalio/common';
import type { CardFact } from '../src/domain/card-facts.ts';
import { parseKycReference } from '../src/domain/ids.ts';
import { KYC_PROVIDERS, type KycProviderName, type KycStatus, kycFact } from '../src/domain/kyc.ts';
import type { Holder } from '../src/ports/holder-store.ts';
import type { FrozenRequest } from '../src/ports/issuer.ts';
import type { KycCheck, KycProvider, KycProviders } from '../src/ports/kyc-provider.ts';
import type { RunningClaim } from '../src/ports/verification-store.ts';
import { type Creation, createOnce } from './create-once.ts';
import { type ActivityPorts, type CardArgument, holderOf, unknownCard } from './ports.ts';

const VERIFIED: CardFact = { kind: 'identity_verified' };
const REJECTED: CardFact = { kind: 'kyc_decided', approved: false };
const STARTED: CardFact = { kind: 'verification_started' };

/** What keeps a provider from taking a request is repaired by people, in minutes at best. */
const REPAIR_RETRY = '10m';

export const createVerificationActivities = (ports: ActivityPorts) => ({
  /** Answers `identity_verified` where an earlier verification still counts, else makes sure one is under way. */
  async ensureVerification({ cardId }: CardArgument): Promise<CardFact> {
    const claim = await ports.verifications.claim(cardId, ports.clock.nowMs());
    if (claim === undefined) throw unknownCard(cardId);
    if (claim.kind !== 'running') return claim.kind === 'verified' ? VERIFIED : REJECTED;
    // Another card may have begun it; its check is looked at all the same, because links expire.
    const created = await createOnce(ports, checkFor(ports, await holderOf(ports, cardId), claim));
    if (created.kind === 'refused') {
      await ports.verifications.release(claim, `refused_${created.code}`);
      throw repairable(`${claim.provider} refuses the check: ${created.code}`, 'KYC_REFUSED');
    }
    return factOf(await ports.verifications.record(claim, created.made));
  },

  /** Asks the provider in case its message was missed, and writes what the message would have. */
  async readVerification({ cardId }: CardArgument): Promise<CardFact> {
    const running = await ports.verifications.ofCard(cardId);
    if (running === undefined) throw unknownCard(cardId);
    const { tenant, provider, reference, standing } = running;
    const isDecided = standing.status === 'verified' || standing.status === 'rejected';
    if (isDecided || reference === null) return kycFact(standing);
    const check = await providerNamed(ports.kyc, provider).read(tenant, reference);
    if (check === undefined) return { kind: 'identity_canceled' };
    const { status, error, atS } = check;
    const view = { source: 'fetched', status, error, atS } as const;
    return kycFact(await ports.verifications.see({ ...running, reference }, view, cardId));
  },
});

/** A failure is told by the message that brought it: this card hears of it like all others. */
function factOf(status: KycStatus): CardFact {
  if (status === 'verified') return VERIFIED;
  return status === 'rejected' ? REJECTED : STARTED;
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
      check: providerNamed(kyc, claim.provider).draft(holder, attempt),
    }),
    async send(request, key) {
      const { provider, check } = readRequest(request);
      const answer = await providerNamed(kyc, provider).send(tenant, check, key);
      return answer.kind === 'made' ? { ...answer, made: { ...answer.made, provider } } : answer;
    },
    async find({ request, attempt }) {
      const { provider } = readRequest(request);
      const found = await providerNamed(kyc, provider).find(tenant, { cardholderId, attempt });
      return found === undefined ? undefined : { ...found, provider };
    },
    async reuse(resultId, { request }) {
      const { provider } = readRequest(request);
      if (provider !== claim.provider) return undefined;
      const check = await providerNamed(kyc, provider).read(tenant, parseKycReference(resultId));
      return check !== undefined && isUsable(check, claim) ? { ...check, provider } : undefined;
    },
    idOf: ({ reference }) => reference,
  };
}

function isUsable({ status, reference }: KycCheck, claim: RunningClaim): boolean {
  // After a failed try the next one may be made in the same check.
  if (status === 'requires_input' || status === 'processing') return true;
  // The message about it is on its way, unless this is the check of a verification that has become too old.
  return (status === 'verified' || status === 'rejected') && reference === claim.reference;
}

function readRequest(request: FrozenRequest): { provider: KycProviderName; check: FrozenRequest } {
  const provider = KYC_PROVIDERS.find((name) => name === request['provider']);
  if (provider === undefined) throw new Error('a stored request names no KYC provider');
  return { provider, check: request['check'] as FrozenRequest };
}

function providerNamed(kyc: KycProviders, name: KycProviderName): KycProvider {
  const provider = kyc[name];
  if (provider !== undefined) return provider;
  throw repairable(`the KYC provider ${name} is not configured here`, 'KYC_NOT_CONFIGURED');
}

const repairable = (message: string, type: string): ApplicationFailure =>
  ApplicationFailure.create({ message, type, nextRetryDelay: REPAIR_RETRY });
