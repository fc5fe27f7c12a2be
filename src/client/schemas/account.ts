import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import {
  AccountIdText,
  AMOUNT_MINOR_MAX,
  CurrencyCode,
  CustomerRef,
  ShownMinor,
  TenantIdText,
  Timestamp,
} from './values.ts';

const CREDIT_LIMIT = {
  minimum: 0,
  maximum: AMOUNT_MINOR_MAX,
  description: 'How far below zero the account may be spent, in minor units.',
};
const ALLOW_PARTIAL = {
  description: 'Whether a purchase may be approved for less than was asked.',
};

export const NewAccount = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    customerRef: CustomerRef,
    currency: CurrencyCode,
    creditLimitMinor: Type.Optional(Type.Integer({ ...CREDIT_LIMIT, default: 0 })),
    allowPartial: Type.Optional(Type.Boolean({ ...ALLOW_PARTIAL, default: false })),
  },
  {
    additionalProperties: false,
    examples: [{ customerRef: 'customer-1042', currency: 'usd' }],
  },
);
export type NewAccount = Static<typeof NewAccount>;

export const Account = Type.Object({
  id: AccountIdText,
  tenantId: TenantIdText,
  customerRef: Type.String(),
  currency: CurrencyCode,
  status: Type.Enum(['open', 'frozen', 'closed']),
  creditLimitMinor: ShownMinor,
  allowPartial: Type.Boolean(),
  availableMinor: ShownMinor,
  heldMinor: ShownMinor,
  createdAt: Timestamp,
});
export type Account = Static<typeof Account>;

export const AccountQuery = Type.Object(
  {
    ...pageFields,
    tenantId: Type.Optional(TenantIdText),
    customerRef: Type.Optional(CustomerRef),
  },
  { additionalProperties: false },
);
export type AccountQuery = Static<typeof AccountQuery>;

export const AccountSettings = Type.Object(
  {
    creditLimitMinor: Type.Optional(Type.Integer(CREDIT_LIMIT)),
    allowPartial: Type.Optional(Type.Boolean(ALLOW_PARTIAL)),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    examples: [{ creditLimitMinor: 50_000 }],
  },
);
export type AccountSettings = Static<typeof AccountSettings>;
