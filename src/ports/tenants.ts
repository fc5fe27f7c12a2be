/** Tenants: the platform's own Stripe account, and connected ones. */
import type { StripeAccountId, TenantId } from '../domain/ids.ts';
import type { KycProviderName } from '../domain/kyc-providers.ts';
import type { MinorUnits } from '../domain/money.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  /** Null for the platform's own account. */
  readonly stripeAccount: StripeAccountId | null;
  /** Held on top of a purchase in a foreign currency, in hundredths of a percent. */
  readonly fxMarginBp: number;
  /** Held for the status check of a fuel pump, until it tells the true amount. */
  readonly fuelHoldMinor: MinorUnits;
  /** Who verifies the holders of cards that name nobody. */
  readonly kycProvider: KycProviderName;
  /** ISO 8601. */
  readonly createdAt: string;
}

interface NewTenant {
  readonly id: TenantId;
  readonly name: string;
  readonly stripeAccount: StripeAccountId | null;
}

export interface TenantSettings {
  readonly name?: string | undefined;
  readonly fxMarginBp?: number | undefined;
  readonly fuelHoldMinor?: MinorUnits | undefined;
  readonly kycProvider?: KycProviderName | undefined;
}

export interface Tenants {
  create(
    tenant: NewTenant,
  ): Promise<
    | { readonly kind: 'created'; readonly tenant: Tenant }
    | { readonly kind: 'exists'; readonly id: TenantId }
  >;
  find(id: TenantId): Promise<Tenant | undefined>;
  /** The platform's tenant when there is no other one; undefined when a caller has to say which it means. */
  onlyPlatform(): Promise<Tenant | undefined>;
  /** Binds the requests that arrive after its commit. Undefined when there is no such tenant. */
  changeSettings(id: TenantId, settings: TenantSettings): Promise<Tenant | undefined>;
  list(page: PageRequest): Promise<PageOrRefusal<Tenant>>;
}
