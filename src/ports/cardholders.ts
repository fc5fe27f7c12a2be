/** The people and companies on the cards. `profile` is the only personal data, and can be erased on its own. */
import type { CardholderId, TenantId } from '../domain/ids.ts';
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
  readonly billing: PostalAddress;
  readonly individual?: {
    readonly firstName: string;
    readonly lastName: string;
    readonly dob: { readonly day: number; readonly month: number; readonly year: number };
  };
  readonly company?: { readonly taxId?: string };
}

export type KycStatus = 'unverified' | 'pending' | 'verified' | 'failed' | 'rejected';

export interface Cardholder extends CardholderProfile {
  readonly id: CardholderId;
  readonly tenantId: TenantId;
  readonly customerRef: string;
  readonly type: 'individual' | 'company';
  readonly kyc: {
    readonly status: KycStatus;
    readonly attempts: number;
    readonly sessionId: string | null;
    /** The page on which the customer identifies; to be handed to nobody else. */
    readonly url: string | null;
    readonly verifiedAt: string | null;
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

export interface Cardholders {
  create(
    cardholder: NewCardholder,
  ): Promise<
    | { readonly kind: 'created'; readonly cardholder: Cardholder }
    | { readonly kind: 'exists'; readonly id: CardholderId }
  >;
  find(id: CardholderId): Promise<Cardholder | undefined>;
  list(filter: CardholderFilter, page: PageRequest): Promise<PageOrRefusal<Cardholder>>;
}
