/** The cardholder's row, which owns Stripe's id of the holder, and the KYC outcome (verification-store.ts). */
import type { CardholderId, CardId, StripeCardholderId } from '../domain/ids.ts';
import type { CardholderProfile } from './cardholders.ts';
import type { IssuerTenant } from './issuer.ts';

export interface Holder {
  readonly cardholderId: CardholderId;
  readonly tenant: IssuerTenant;
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
  readonly stripeCardholderId: StripeCardholderId | null;
  /** Of `profile`; it rises with every change. */
  readonly profileVersion: number;
  /** Of the profile that Stripe has. */
  readonly stripeProfileVersion: number;
  /** What events told stands against the holder at Stripe; null when they told of nothing. */
  readonly stripeProblem: string | null;
}

export interface HolderStore {
  /** The holder of a card; undefined when there is no such card. */
  ofCard(cardId: CardId): Promise<Holder | undefined>;
  /**
   * Stores Stripe's id and the version of the profile that Stripe has; the first id stored stays. Returns the holder
   * as it is then: a profile that was changed meanwhile is still to be sent.
   */
  recordStripeCardholder(
    cardholderId: CardholderId,
    made: { readonly id: StripeCardholderId; readonly profileVersion: number },
  ): Promise<Holder>;
  /**
   * Remembers that Stripe has taken this version of the profile, also in place of a newer one: what was answered last
   * may have come to Stripe last. Returns the holder as it is then.
   */
  recordProfileSent(cardholderId: CardholderId, profileVersion: number): Promise<Holder>;
  /** The same for a call without an answer, which may still come to Stripe: it only takes back a newer version. */
  doubtProfileSent(cardholderId: CardholderId, profileVersion: number): Promise<void>;
}
