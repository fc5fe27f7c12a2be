import { type Static, Type } from 'typebox';
import { addressFields, PhoneNumber } from './cardholder.ts';
import { pageFields } from './page.ts';
import {
  AccountIdText,
  CardholderIdText,
  CardIdText,
  CurrencyCode,
  nullable,
  StripeIdText,
  TenantIdText,
  Timestamp,
} from './values.ts';

const CardType = Type.Enum(['virtual', 'physical']);
const Service = Type.Enum(['standard', 'express', 'priority']);
const Recipient = Type.String({ minLength: 1, maxLength: 100 });

const CardPhaseText = Type.Enum([
  'kyc',
  'issuance',
  'awaiting_delivery',
  'activation',
  'active',
  'winding_down',
  'closed',
]);

const parcelFields = {
  name: Recipient,
  businessName: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'On the label where the address is a workplace.',
    }),
  ),
  ...addressFields,
  phoneNumber: Type.Optional(PhoneNumber),
  requireSignature: Type.Optional(Type.Boolean()),
  eoriNumber: Type.Optional(
    Type.String({
      pattern: '^[A-Z]{2}[A-Za-z0-9]{1,15}$',
      description: 'Registration for customs in Europe.',
      examples: ['GB123456789000'],
    }),
  ),
  addressValidation: Type.Optional(
    Type.Enum(['disabled', 'normalization_only', 'validation_and_normalization'], {
      description: 'Whether Stripe looks the address up before it sends the card.',
    }),
  ),
};

export const NewShipping = Type.Object(
  { ...parcelFields, service: Type.Optional(Service) },
  {
    additionalProperties: false,
    examples: [
      {
        name: 'Ada Lovelace',
        line1: '510 Townsend St',
        city: 'San Francisco',
        state: 'CA',
        postalCode: '94103',
        country: 'US',
        service: 'standard',
      },
    ],
  },
);
export type NewShipping = Static<typeof NewShipping>;

/** Stripe prints as many characters below the name as in it. */
const SECOND_LINE_MAX = 24;
/** Far beyond any onboarding; a slip of a digit is refused. */
const KYC_DAYS_MAX = 365;
const KYC_ATTEMPTS_MAX = 20;
/** Ten years: no identity document is older. */
const KYC_VALID_DAYS_MAX = 3_650;
/** More payments than a card makes in its life. */
const PAYMENTS_MAX = 1_000_000;

const KycOptions = Type.Object(
  {
    provider: Type.Optional(
      Type.Enum(['stripe_identity', 'external', 'manual'], {
        description: 'Who verifies the holder. Of the tenant unless set.',
      }),
    ),
    reminderAfterDays: Type.Optional(Type.Integer({ minimum: 1, maximum: KYC_DAYS_MAX })),
    deadlineDays: Type.Optional(Type.Integer({ minimum: 1, maximum: KYC_DAYS_MAX })),
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: KYC_ATTEMPTS_MAX })),
    validForDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: KYC_VALID_DAYS_MAX,
        description: 'For how long an earlier verification of the holder counts.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Overrides how the holder is verified.' },
);

export const SecondLine = Type.String({
  minLength: 1,
  maxLength: SECOND_LINE_MAX,
  description:
    "Printed below the name of a physical card: Latin letters, digits, spaces and . , & ' / # - only.",
  examples: ['Analytical Engines Ltd'],
});

export const Design = Type.String({
  ...StripeIdText,
  description: "Stripe's id of the design of a physical card; the program's own unless set.",
});

const optionFields = {
  kyc: Type.Optional(KycOptions),
  renewal: Type.Optional(
    Type.Enum(['automatic', 'none'], {
      description: 'Whether a new card is made ahead of expiry.',
    }),
  ),
  cancelAfterPayments: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAYMENTS_MAX,
      description: 'Stripe cancels the card after so many payments; it cannot be changed later.',
    }),
  ),
  personalizationDesign: Type.Optional(Design),
};

export const NewCard = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    cardholderId: CardholderIdText,
    accountId: AccountIdText,
    type: CardType,
    shipping: Type.Optional(NewShipping),
    secondLine: Type.Optional(SecondLine),
    ...optionFields,
  },
  {
    additionalProperties: false,
    examples: [
      {
        cardholderId: 'chr_4f2c0a7be1d94a5fb3c6',
        accountId: 'acc_4f2c0a7be1d94a5fb3c6',
        type: 'virtual',
      },
    ],
  },
);
export type NewCard = Static<typeof NewCard>;

export const Card = Type.Object({
  id: CardIdText,
  tenantId: TenantIdText,
  cardholderId: CardholderIdText,
  accountId: AccountIdText,
  type: CardType,
  currency: CurrencyCode,
  phase: CardPhaseText,
  phaseSince: Timestamp,
  why: Type.Union([Type.String(), Type.Null()], {
    description: 'What the card waits for, as a line for people; null when it waits for nothing.',
    examples: [
      'waits for the customer to identify until 2026-12-14T09:30Z, then the request is closed',
    ],
  }),
  waitsUntil: Type.Union([Timestamp, Type.Null()], {
    description: 'When that wait ends by itself; null when it does not.',
  }),
  frozen: Type.Boolean(),
  freezes: Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Who froze the card, and why.',
  }),
  cancelRequested: nullable(
    Type.Object({ at: Timestamp, reason: Type.Enum(['requested', 'lost', 'stolen']) }),
  ),
  stripeCard: nullable(
    Type.Object({
      id: Type.String(),
      status: Type.Enum(['active', 'inactive', 'canceled']),
      last4: Type.String(),
      expMonth: Type.Integer(),
      expYear: Type.Integer(),
      shippingStatus: nullable(Type.String()),
      carrier: nullable(Type.String()),
      trackingNumber: nullable(Type.String()),
      trackingUrl: nullable(Type.String()),
      eta: nullable(Timestamp),
    }),
  ),
  shipping: nullable(Type.Object({ ...parcelFields, service: Service })),
  secondLine: nullable(Type.String()),
  options: Type.Object(optionFields),
  replacementFor: nullable(Type.String({ description: 'The card whose place this one takes.' })),
  replacementReason: nullable(Type.Enum(['lost', 'stolen', 'damaged', 'expired'])),
  replacedBy: nullable(
    Type.String({ description: "The card that takes this one's place, once it was asked for." }),
  ),
  workflowId: Type.String(),
  workflowStarted: Type.Boolean(),
  createdAt: Timestamp,
});
export type Card = Static<typeof Card>;

export const CardQuery = Type.Object(
  {
    ...pageFields,
    tenantId: Type.Optional(TenantIdText),
    accountId: Type.Optional(AccountIdText),
    cardholderId: Type.Optional(CardholderIdText),
    phase: Type.Optional(CardPhaseText),
    attention: Type.Optional(
      Type.Boolean({
        description: 'Cards with an open attention item (`true`), or without one (`false`).',
      }),
    ),
  },
  { additionalProperties: false },
);
export type CardQuery = Static<typeof CardQuery>;
