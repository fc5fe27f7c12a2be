import { type Static, Type } from 'typebox';
import { CurrencyCode, nullable, ShownMinor, TenantIdText, Timestamp } from './values.ts';

export const InboxSummary = Type.Object(
  {
    received: Type.Integer(),
    pending: Type.Integer(),
    applied: Type.Integer(),
    ignored: Type.Integer(),
    attention: Type.Integer(),
  },
  { description: "Events that came by webhook, or from Stripe's list, by what became of them." },
);
export type InboxSummary = Static<typeof InboxSummary>;

export const TrialBalance = Type.Object({
  data: Type.Array(
    Type.Object({
      tenantId: TenantIdText,
      currency: CurrencyCode,
      kind: Type.String({ examples: ['available', 'held', 'network_settlement'] }),
      balanceMinor: ShownMinor,
    }),
    { description: 'Credits less debits of each kind of ledger account.' },
  ),
  perCurrency: Type.Array(
    Type.Object({
      currency: CurrencyCode,
      sumMinor: Type.Integer({ description: 'Zero, or the books are wrong.' }),
    }),
  ),
  asOf: Timestamp,
  rolledUpAt: nullable(Timestamp),
});
export type TrialBalance = Static<typeof TrialBalance>;

export const TrialBalanceQuery = Type.Object(
  { tenantId: Type.Optional(TenantIdText) },
  { additionalProperties: false },
);
export type TrialBalanceQuery = Static<typeof TrialBalanceQuery>;
