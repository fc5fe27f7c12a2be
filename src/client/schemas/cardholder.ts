import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import { CardholderIdText, CustomerRef, nullable, TenantIdText, Timestamp } from './values.ts';

/** Where Stripe prints the name it allows 24 characters, and no digits. */
const CARD_NAME_MAX = 24;
const line = Type.String({ minLength: 1, maxLength: 200 });

export const addressFields = {
  line1: line,
  line2: Type.Optional(line),
  city: Type.String({ minLength: 1, maxLength: 100 }),
  state: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  postalCode: Type.String({ minLength: 1, maxLength: 20 }),
  country: Type.String({
    pattern: '^[A-Z]{2}$',
    description: 'ISO 3166-1, two capital letters.',
    examples: ['US'],
  }),
};

const PostalAddress = Type.Object(addressFields, { additionalProperties: false });

const DateOfBirth = Type.Object(
  {
    day: Type.Integer({ minimum: 1, maximum: 31 }),
    month: Type.Integer({ minimum: 1, maximum: 12 }),
    year: Type.Integer({ minimum: 1900, maximum: 2100 }),
  },
  { additionalProperties: false },
);

const Individual = Type.Object(
  { firstName: line, lastName: line, dob: DateOfBirth },
  { additionalProperties: false },
);
const Company = Type.Object(
  { taxId: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })) },
  { additionalProperties: false },
);

const profileFields = {
  name: Type.String({
    minLength: 1,
    maxLength: CARD_NAME_MAX,
    pattern: "^\\p{L}[\\p{L} .'\\-]*$",
    description: "Printed on the card: letters, spaces and . ' - only.",
    examples: ['Ada Lovelace'],
  }),
  email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
  phoneNumber: Type.Optional(
    Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$', examples: ['+14155550123'] }),
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

export const Cardholder = Type.Object({
  id: CardholderIdText,
  tenantId: TenantIdText,
  customerRef: Type.String(),
  type: HolderType,
  ...profileFields,
  kyc: Type.Object({
    status: Type.Enum(['unverified', 'pending', 'verified', 'failed', 'rejected']),
    attempts: Type.Integer(),
    sessionId: nullable(Type.String()),
    url: Type.Union([Type.String(), Type.Null()], {
      description: 'The page on which the customer identifies; hand it to nobody else.',
    }),
    verifiedAt: nullable(Timestamp),
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
