import { type Static, Type } from 'typebox';
import { CurrencyCode, ShownMinor, TenantIdText } from './values.ts';

export const InboxSummary = Type.Object(
  {
    received: Type.Integer(),
    pending: Type.Integer(),
    applied: Type.Integer(),
    ignored: Type.Integer(),
    attention: Type.Integer(),
  },
  { description: 'Events stored by the webhook receiver, by what became of them.' },
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
  ),
});
export type TrialBalance = Static<typeof TrialBalance>;

export const TrialBalanceQuery = Type.Object(
  { tenantId: Type.Optional(TenantIdText) },
  { additionalProperties: false },
);
export type TrialBalanceQuery = Static<typeof TrialBalanceQuery>;
