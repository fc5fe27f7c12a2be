/** A holder and an address in Stripe's words. */
import type { Stripe } from 'stripe';
import type { PostalAddress } from '../../ports/cardholders.ts';
import type { ShippingAddress } from '../../ports/cards.ts';
import type { Holder } from '../../ports/holder-store.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';

export function cardholderParams(holder: Holder, attempt: number): FrozenRequest {
  const { profile, type } = holder;
  const { individual, company } = profile;
  const params: Stripe.Issuing.CardholderCreateParams = {
    type,
    name: profile.name,
    ...(profile.email === undefined ? {} : { email: profile.email }),
    ...(profile.phoneNumber === undefined ? {} : { phone_number: profile.phoneNumber }),
    billing: { address: addressParams(profile.billing) },
    ...(type === 'individual' && individual !== undefined
      ? {
          individual: {
            first_name: individual.firstName,
            last_name: individual.lastName,
            dob: individual.dob,
          },
        }
      : {}),
    ...(type === 'company' && company?.taxId !== undefined
      ? { company: { tax_id: company.taxId } }
      : {}),
    metadata: {
      cardholder_id: holder.cardholderId,
      tenant_id: holder.tenant.tenantId,
      attempt: String(attempt),
    },
  };
  return { ...params };
}

export const shippingParams = (
  shipping: ShippingAddress,
): Stripe.Issuing.CardCreateParams.Shipping => ({
  name: shipping.name,
  service: shipping.service,
  address: addressParams(shipping),
});

const addressParams = (address: PostalAddress) => ({
  line1: address.line1,
  ...(address.line2 === undefined ? {} : { line2: address.line2 }),
  city: address.city,
  ...(address.state === undefined ? {} : { state: address.state }),
  postal_code: address.postalCode,
  country: address.country,
});
