import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import {
  CardholderIdText,
  CustomerRef,
  KycProviderText,
  nullable,
  StripeIdText,
  TenantIdText,
  Timestamp,
} from './values.ts';

/** Where Stripe prints the name it allows 24 characters, and no digits. */
const CARD_NAME_MAX = 24;
/** Stripe's five languages. */
const LOCALES = ['de', 'en', 'es', 'fr', 'it'] as const;
const line = Type.String({ minLength: 1, maxLength: 200 });
const closed = { additionalProperties: false } as const;

export const addressFields = {
  line1: line,
  line2: Type.Optional(line),
  city: Type.String({ minLength: 1, maxLength: 100 }),
  state: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Needed in the US and Canada, as two letters.',
      examples: ['CA'],
    }),
  ),
  postalCode: Type.String({ minLength: 1, maxLength: 20 }),
  country: Type.String({
    pattern: '^[A-Z]{2}$',
    description: 'ISO 3166-1, two capital letters.',
    examples: ['US'],
  }),
};

export const PhoneNumber = Type.String({
  pattern: '^\\+[1-9][0-9]{6,14}$',
  description: 'E.164: a plus, the country code, the number, without blanks.',
  examples: ['+14155550123'],
});

const PostalAddress = Type.Object(addressFields, closed);

const DateOfBirth = Type.Object(
  {
    day: Type.Integer({ minimum: 1, maximum: 31 }),
    month: Type.Integer({ minimum: 1, maximum: 12 }),
    year: Type.Integer({ minimum: 1900, maximum: 2100 }),
  },
  closed,
);

const UserTermsAcceptance = Type.Object(
  {
    date: Type.String({
      format: 'date-time',
      description: 'When the terms were accepted, ISO 8601.',
      examples: ['2026-11-23T09:30:00.000Z'],
    }),
    ip: Type.String({
      minLength: 1,
      maxLength: 45,
      description: 'The address it came from, IPv4 or IPv6.',
      examples: ['203.0.113.7'],
    }),
    userAgent: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  },
  { ...closed, description: "Acceptance of the issuing bank's terms; asked for in the US." },
);

const IdentityDocument = Type.Object(
  { front: Type.Optional(StripeIdText), back: Type.Optional(StripeIdText) },
  {
    ...closed,
    description: "Stripe's ids of files that you uploaded with the purpose `identity_document`.",
    examples: [{ front: 'file_1Front', back: 'file_1Back' }],
  },
);

const Individual = Type.Object(
  {
    firstName: line,
    lastName: line,
    dob: DateOfBirth,
    userTermsAcceptance: Type.Optional(UserTermsAcceptance),
    identityDocument: Type.Optional(IdentityDocument),
  },
  closed,
);
const Company = Type.Object(
  { taxId: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })) },
  closed,
);

const profileFields = {
  name: Type.String({
    minLength: 1,
    maxLength: CARD_NAME_MAX,
    description:
      "Printed on the card: Latin letters, spaces and . , & ' - only. Stripe never changes it once it has it.",
    examples: ['Ada Lovelace'],
  }),
  email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
  phoneNumber: Type.Optional(PhoneNumber),
  preferredLocales: Type.Optional(
    Type.Immutable(
      Type.Array(Type.Enum(LOCALES), {
        maxItems: LOCALES.length,
        uniqueItems: true,
        description:
          'Languages of 3D Secure and of codes by text message, the preferred one first.',
      }),
    ),
  ),
  billing: PostalAddress,
  individual: Type.Optional(Individual),
  company: Type.Optional(Company),
};

const HolderType = Type.Enum(['individual', 'company']);

export const NewCardholder = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    customerRef: CustomerRef,
    type: HolderType,
    ...profileFields,
  },
  {
    additionalProperties: false,
    examples: [
      {
        customerRef: 'customer-1042',
        type: 'individual',
        name: 'Ada Lovelace',
        email: 'ada@example.com',
        phoneNumber: '+14155550123',
        billing: {
          line1: '510 Townsend St',
          city: 'San Francisco',
          state: 'CA',
          postalCode: '94103',
          country: 'US',
        },
        individual: {
          firstName: 'Ada',
          lastName: 'Lovelace',
          dob: { day: 10, month: 12, year: 1990 },
        },
      },
    ],
  },
);
export type NewCardholder = Static<typeof NewCardholder>;

/** Each field that is given replaces the whole field; what is left out stays. */
export const CardholderChange = Type.Partial(Type.Object(profileFields), {
  ...closed,
  examples: [{ phoneNumber: '+14155550199' }],
});
export type CardholderChange = Static<typeof CardholderChange>;

export const Cardholder = Type.Object({
  id: CardholderIdText,
  tenantId: TenantIdText,
  customerRef: Type.String(),
  type: HolderType,
  ...profileFields,
  kyc: Type.Object({
    status: Type.Enum(['unverified', 'pending', 'verified', 'failed', 'rejected']),
    provider: nullable(KycProviderText),
    attempts: Type.Integer(),
    sessionId: Type.Union([Type.String(), Type.Null()], {
      description: "The provider's reference of the check.",
    }),
    url: Type.Union([Type.String(), Type.Null()], {
      description: 'The page on which the customer identifies; hand it to nobody else.',
    }),
    lastError: Type.Union(
      [Type.Object({ code: Type.String(), reason: nullable(Type.String()) }), Type.Null()],
      {
        description:
          'Why the last try failed; stays while the next one runs. The reason may be shown to the customer.',
      },
    ),
    verifiedAt: nullable(Timestamp),
    redactedAt: Type.Union([Timestamp, Type.Null()], {
      description: 'When the provider was told to forget what the customer showed.',
    }),
  }),
  stripeCardholderId: nullable(Type.String()),
  status: Type.Enum(['active', 'inactive', 'blocked']),
  createdAt: Timestamp,
});
export type Cardholder = Static<typeof Cardholder>;

export const CardholderQuery = Type.Object(
  {
    ...pageFields,
    tenantId: Type.Optional(TenantIdText),
    customerRef: Type.Optional(CustomerRef),
  },
  { additionalProperties: false },
);
export type CardholderQuery = Static<typeof CardholderQuery>;
