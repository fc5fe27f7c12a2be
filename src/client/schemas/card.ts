import { type Static, Type } from 'typebox';
import { addressFields } from './cardholder.ts';
import { pageFields } from './page.ts';
import {
  AccountIdText,
  CardholderIdText,
  CardIdText,
  CurrencyCode,
  nullable,
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

export const NewShipping = Type.Object(
  { name: Recipient, ...addressFields, service: Type.Optional(Service) },
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

export const NewCard = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    cardholderId: CardholderIdText,
    accountId: AccountIdText,
    type: CardType,
    shipping: Type.Optional(NewShipping),
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
      trackingNumber: nullable(Type.String()),
    }),
  ),
  shipping: nullable(Type.Object({ name: Recipient, ...addressFields, service: Service })),
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
