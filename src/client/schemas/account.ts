import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import {
  AccountIdText,
  AMOUNT_MINOR_MAX,
  AmountMinor,
  CurrencyCode,
  CustomerRef,
  nullable,
  ShownMinor,
  TenantIdText,
  Timestamp,
} from './values.ts';

export const NewAccount = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    customerRef: CustomerRef,
    currency: CurrencyCode,
    creditLimitMinor: Type.Optional(
      Type.Integer({ minimum: 0, maximum: AMOUNT_MINOR_MAX, default: 0 }),
    ),
    allowPartial: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether a purchase may be approved for less than was asked.',
      }),
    ),
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

export const NewCredit = Type.Object(
  {
    amountMinor: AmountMinor,
    externalRef: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Your name for the payment; an account books it once, whatever the key.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ amountMinor: 50_000, externalRef: 'bank-transfer-7781' }],
  },
);
export type NewCredit = Static<typeof NewCredit>;

export const Credit = Type.Object({
  entryId: Type.String(),
  accountId: AccountIdText,
  currency: CurrencyCode,
  amountMinor: ShownMinor,
  externalRef: nullable(Type.String()),
  availableMinor: ShownMinor,
  postedAt: Timestamp,
});
export type Credit = Static<typeof Credit>;
