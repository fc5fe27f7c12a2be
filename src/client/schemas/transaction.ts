import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import {
  AccountIdText,
  CardIdText,
  CurrencyCode,
  nullable,
  ShownMinor,
  StripeIdText,
  TenantIdText,
  Timestamp,
} from './values.ts';

export const Merchant = Type.Object({
  name: nullable(Type.String()),
  category: Type.String({ examples: ['grocery_stores_supermarkets'] }),
  categoryCode: Type.String({ examples: ['5411'] }),
  country: nullable(Type.String()),
  networkId: Type.Union([Type.String(), Type.Null()], {
    description:
      'The id that the card network gave it, by which controls allow or block merchants.',
    examples: ['1234567890'],
  }),
});

export const Transaction = Type.Object({
  id: Type.String(),
  tenantId: Type.String(),
  type: Type.Enum(['capture', 'refund']),
  authorizationId: nullable(Type.String()),
  cardId: Type.Union([Type.String(), Type.Null()], {
    description: 'Null while the card is unknown; the money is in suspense then.',
  }),
  accountId: nullable(Type.String()),
  stripeCardId: Type.String(),
  currency: CurrencyCode,
  amountMinor: ShownMinor,
  parts: Type.Object(
    {
      merchantAmountMinor: nullable(ShownMinor),
      merchantCurrency: nullable(Type.String()),
      atmFeeMinor: ShownMinor,
      cashbackMinor: ShownMinor,
    },
    { description: "What the amount is made of; the merchant's amount is in its own currency." },
  ),
  merchant: nullable(Merchant),
  flags: Type.Array(Type.String()),
  createdAt: Timestamp,
});
export type Transaction = Static<typeof Transaction>;

export const BookedTransaction = Type.Object({
  ...Transaction.properties,
  postings: Type.Array(
    Type.Object({
      entryId: Type.String(),
      kind: Type.String({ examples: ['capture', 'suspense_resolution'] }),
      debit: Type.String({ examples: ['held'] }),
      credit: Type.String({ examples: ['network_settlement'] }),
      amountMinor: ShownMinor,
      accountId: nullable(Type.String()),
      effectiveAt: Timestamp,
      postedAt: Timestamp,
    }),
    { description: 'How it was booked, in the order of the books.' },
  ),
});
export type BookedTransaction = Static<typeof BookedTransaction>;

export const TransactionQuery = Type.Object(
  {
    ...pageFields,
    cardId: Type.Optional(CardIdText),
    accountId: Type.Optional(AccountIdText),
    authorizationId: Type.Optional(StripeIdText),
    tenantId: Type.Optional(TenantIdText),
  },
  { additionalProperties: false },
);
export type TransactionQuery = Static<typeof TransactionQuery>;
