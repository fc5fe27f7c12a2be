/** The people and companies on the cards. docs/kyc.md lists where else personal data lies. */
import type { CardholderId, TenantId } from '../domain/ids.ts';
import type { KycStatus } from '../domain/kyc.ts';
import type { KycProviderName } from '../domain/kyc-providers.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface PostalAddress {
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly state?: string;
  readonly postalCode: string;
  /** Two capital letters. */
  readonly country: string;
}

export interface CardholderProfile {
  readonly name: string;
  readonly email?: string;
  readonly phoneNumber?: string;
  /** Languages of what Stripe sends to the holder, the preferred one first. */
  readonly preferredLocales?: readonly Locale[];
  readonly billing: PostalAddress;
  readonly individual?: IndividualProfile;
  readonly company?: { readonly taxId?: string };
}

export type Locale = 'de' | 'en' | 'es' | 'fr' | 'it';

export interface IndividualProfile {
  readonly firstName: string;
  readonly lastName: string;
  readonly dob: { readonly day: number; readonly month: number; readonly year: number };
  /** Acceptance of the issuing bank's terms, which some programs have to prove. */
  readonly userTermsAcceptance?: {
    /** ISO 8601. */
    readonly date: string;
    readonly ip: string;
    readonly userAgent?: string;
  };
  /** Stripe's ids of the uploaded sides of an identity document. */
  readonly identityDocument?: { readonly front?: string; readonly back?: string };
}

export interface Cardholder extends CardholderProfile {
  readonly id: CardholderId;
  readonly tenantId: TenantId;
  readonly customerRef: string;
  readonly type: 'individual' | 'company';
  readonly kyc: {
    readonly status: KycStatus;
    /** Of the last check; null before the first. */
    readonly provider: KycProviderName | null;
    readonly attempts: number;
    /** The provider's reference of the check. */
    readonly sessionId: string | null;
    /** The page on which the customer identifies; to be handed to nobody else. */
    readonly url: string | null;
    /** Why the last try failed; stays while the next one runs. */
    readonly lastError: { readonly code: string; readonly reason: string | null } | null;
    readonly verifiedAt: string | null;
    /** When the provider was told to forget what the customer showed. */
    readonly redactedAt: string | null;
  };
  readonly stripeCardholderId: string | null;
  readonly status: 'active' | 'inactive' | 'blocked';
  readonly createdAt: string;
}

interface NewCardholder {
  readonly id: CardholderId;
  readonly tenantId: TenantId;
  readonly customerRef: string;
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
}

interface CardholderFilter {
  readonly tenantId?: string | undefined;
  readonly customerRef?: string | undefined;
}

export interface LockedProfile {
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
  /** Stripe has the name, or is being told it, and never changes it again. */
  readonly nameIsFixed: boolean;
  /** Currencies of the holder's cards that are not closed. */
  readonly currencies: readonly string[];
}

export interface Cardholders {
  create(
    cardholder: NewCardholder,
  ): Promise<
    | { readonly kind: 'created'; readonly cardholder: Cardholder }
    | { readonly kind: 'exists'; readonly id: CardholderId }
  >;
  find(id: CardholderId): Promise<Cardholder | undefined>;
  /** Locks the row and returns what a change of its profile begins with. Undefined when there is none. */
  lockProfile(id: CardholderId): Promise<LockedProfile | undefined>;
  /**
   * Writes the profile of a locked holder and tells its open cards, so that Stripe follows. Nothing is written when
   * nothing differs.
   */
  changeProfile(id: CardholderId, profile: CardholderProfile): Promise<Cardholder>;
  list(filter: CardholderFilter, page: PageRequest): Promise<PageOrRefusal<Cardholder>>;
}
