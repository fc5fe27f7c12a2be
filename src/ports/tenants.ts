/** Tenants: the platform's own Stripe account, and connected ones. */
import type { StripeAccountId, TenantId } from '../domain/ids.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  /** Null for the platform's own account. */
  readonly stripeAccount: StripeAccountId | null;
  /** ISO 8601. */
  readonly createdAt: string;
}

interface NewTenant {
  readonly id: TenantId;
  readonly name: string;
  readonly stripeAccount: StripeAccountId | null;
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
  list(page: PageRequest): Promise<PageOrRefusal<Tenant>>;
}
