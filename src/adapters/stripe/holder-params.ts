/** A holder's profile and an address in Stripe's words. */
import type { Stripe } from 'stripe';
import type { CardholderProfile, PostalAddress } from '../../ports/cardholders.ts';
import type { ShippingAddress } from '../../ports/cards.ts';
import type { Holder } from '../../ports/holder-store.ts';
import type { FrozenRequest } from '../../ports/issuer.ts';

/** Key of the metadata by which Stripe itself tells which profile it has. */
export const PROFILE_VERSION = 'profile_version';

export function cardholderParams(holder: Holder, attempt: number): FrozenRequest {
  const { profile, type } = holder;
  const params: Stripe.Issuing.CardholderCreateParams = {
    type,
    name: profile.name,
    ...(profile.email === undefined ? {} : { email: profile.email }),
    ...(profile.phoneNumber === undefined ? {} : { phone_number: profile.phoneNumber }),
    ...(profile.preferredLocales === undefined
      ? {}
      : { preferred_locales: [...profile.preferredLocales] }),
    billing: { address: addressParams(profile.billing) },
    ...personParams(holder),
    metadata: { ...idsOf(holder), attempt: String(attempt) },
  };
  return { ...params };
}

/** Everything that Stripe takes later: not the name and not the type. What the profile lacks is emptied. */
export function changedCardholderParams(holder: Holder): Stripe.Issuing.CardholderUpdateParams {
  const { profile } = holder;
  const locales = profile.preferredLocales ?? [];
  return {
    email: profile.email ?? '',
    phone_number: profile.phoneNumber ?? '',
    // An empty list is written as an empty text, or the client would leave it out.
    preferred_locales: locales.length === 0 ? ('' as never) : [...locales],
    billing: { address: addressParams(profile.billing) },
    ...personParams(holder),
    metadata: idsOf(holder),
  };
}

const idsOf = ({ cardholderId, tenant, profileVersion }: Holder) => ({
  cardholder_id: cardholderId,
  tenant_id: tenant.tenantId,
  [PROFILE_VERSION]: String(profileVersion),
});

function personParams({
  type,
  profile,
}: Holder): Pick<Stripe.Issuing.CardholderCreateParams, 'individual' | 'company'> {
  const { individual, company } = profile;
  if (type === 'company') {
    return company?.taxId === undefined ? {} : { company: { tax_id: company.taxId } };
  }
  return individual === undefined ? {} : { individual: individualParams(individual) };
}

function individualParams({
  firstName,
  lastName,
  dob,
  userTermsAcceptance: terms,
  identityDocument,
}: NonNullable<CardholderProfile['individual']>): Stripe.Issuing.CardholderCreateParams.Individual {
  return {
    first_name: firstName,
    last_name: lastName,
    dob,
    ...(terms === undefined
      ? {}
      : {
          card_issuing: {
            user_terms_acceptance: {
              date: Math.floor(Date.parse(terms.date) / 1000),
              ip: terms.ip,
              ...(terms.userAgent === undefined ? {} : { user_agent: terms.userAgent }),
            },
          },
        }),
    ...(identityDocument === undefined ? {} : { verification: { document: identityDocument } }),
  };
}

export function shippingParams(
  shipping: ShippingAddress,
): Stripe.Issuing.CardCreateParams.Shipping {
  const { name, service, businessName, phoneNumber, requireSignature } = shipping;
  const { eoriNumber, addressValidation } = shipping;
  return {
    name,
    service,
    address: addressParams(shipping),
    ...(businessName === undefined ? {} : { business_name: businessName }),
    ...(phoneNumber === undefined ? {} : { phone_number: phoneNumber }),
    ...(requireSignature === undefined ? {} : { require_signature: requireSignature }),
    ...(eoriNumber === undefined ? {} : { customs: { eori_number: eoriNumber } }),
    ...(addressValidation === undefined ? {} : { address_validation: { mode: addressValidation } }),
  };
}

const addressParams = (address: PostalAddress) => ({
  line1: address.line1,
  ...(address.line2 === undefined ? {} : { line2: address.line2 }),
  city: address.city,
  ...(address.state === undefined ? {} : { state: address.state }),
  postal_code: address.postalCode,
  country: address.country,
});
