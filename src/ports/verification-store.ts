/** The running verification in the holder's row: who began it, at which provider, and what it has shown. */
import type { CardholderId, CardId, KycReference } from '../domain/ids.ts';
import type { CheckView, KycStanding, KycStatus } from '../domain/kyc.ts';
import type { KycProviderName } from '../domain/kyc-providers.ts';
import type { IssuerTenant } from './issuer.ts';

export interface RunningClaim {
  readonly kind: 'running';
  readonly cardholderId: CardholderId;
  /** Of whoever began the verification, which is not always the asking card's choice. */
  readonly provider: KycProviderName;
  /** The check that is recorded; null before it is made. */
  readonly reference: KycReference | null;
  /** Whether this claim began a try; one that joined a check counts none. */
  readonly isNewTry: boolean;
}

/** `verified`: an earlier verification still counts. `rejected`: nobody tries again. */
export type VerificationClaim = { readonly kind: 'verified' | 'rejected' } | RunningClaim;

export interface MadeCheck {
  readonly provider: KycProviderName;
  readonly reference: KycReference;
  readonly url: string | null;
}

export interface RecordedCheck {
  readonly status: KycStatus;
  readonly provider: KycProviderName;
}

export interface Verification {
  readonly tenant: IssuerTenant;
  readonly cardholderId: CardholderId;
  readonly provider: KycProviderName;
  readonly reference: KycReference | null;
  readonly standing: KycStanding;
}

export interface VerificationStore {
  /**
   * Under the lock of the holder's row: joins the verification that runs, or makes the row pending with the provider
   * that the card or its tenant wants. So of cards that ask at once the first chooses. Undefined without such a card.
   */
  claim(cardId: CardId, nowMs: number): Promise<VerificationClaim | undefined>;
  /** Stores the check that was made for the claim, unless the row has moved on. Returns what holds now. */
  record(claim: RunningClaim, made: MadeCheck): Promise<RecordedCheck>;
  /**
   * The provider takes no request: the claim is given up, and the next may choose another one. The holder's other cards
   * that wait for the check hear of it, the one that asked is told by the caller.
   */
  release(claim: RunningClaim, code: string, askedBy: CardId): Promise<void>;
  /** Undefined when there is no such card. */
  ofCard(cardId: CardId): Promise<Verification | undefined>;
  /** Takes in what a poll showed, as a message would be, and tells the holder's other cards. */
  see(
    of: Verification & { readonly reference: KycReference },
    view: CheckView,
    askedBy: CardId,
  ): Promise<KycStanding>;
}
