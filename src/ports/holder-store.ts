/** The cardholder's row, which owns the KYC outcome and Stripe's id of the holder. */
import type {
  CardholderId,
  CardId,
  StripeCardholderId,
  VerificationSessionId,
} from '../domain/ids.ts';
import type { CardholderProfile, KycStatus } from './cardholders.ts';
import type { IssuerTenant } from './issuer.ts';

export interface Holder {
  readonly cardholderId: CardholderId;
  readonly tenant: IssuerTenant;
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
  readonly kycStatus: KycStatus;
  readonly kycVerifiedAtMs: number | null;
  readonly kycSessionId: VerificationSessionId | null;
  readonly stripeCardholderId: StripeCardholderId | null;
  /** Of `profile`; it rises with every change. */
  readonly profileVersion: number;
  /** Of the profile that Stripe has. */
  readonly stripeProfileVersion: number;
  /** What events told stands against the holder at Stripe; null when they told of nothing. */
  readonly stripeProblem: string | null;
}

export interface VerificationLink {
  readonly sessionId: VerificationSessionId;
  /** The page on which the customer identifies; null when Stripe gives none in the session's status. */
  readonly url: string | null;
}

export interface HolderStore {
  /** The holder of a card; undefined when there is no such card. */
  ofCard(cardId: CardId): Promise<Holder | undefined>;
  /**
   * Stores the session and makes the holder `pending`, under the row's lock. A holder who is verified (and
   * not `expired`) or rejected by now stays so. Returns the status that holds afterwards.
   */
  recordVerification(
    cardholderId: CardholderId,
    link: VerificationLink,
    /** `known` is the status that the caller saw before it asked Stripe. */
    options: { readonly expired: boolean; readonly known: KycStatus },
  ): Promise<KycStatus>;
  /**
   * Stores Stripe's id and the version of the profile that Stripe has; the first id stored stays. Returns the holder
   * as it is then: a profile that was changed meanwhile is still to be sent.
   */
  recordStripeCardholder(
    cardholderId: CardholderId,
    made: { readonly id: StripeCardholderId; readonly profileVersion: number },
  ): Promise<Holder>;
  /** Remembers that Stripe has this version of the profile; an older one changes nothing. */
  recordProfileSent(cardholderId: CardholderId, profileVersion: number): Promise<void>;
}
