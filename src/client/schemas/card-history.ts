import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import {
  AnyObject,
  CardIdText,
  CurrencyCode,
  nullable,
  ShownMinor,
  TenantIdText,
  Timestamp,
} from './values.ts';

export const TimelineEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  kind: Type.String(),
  phase: nullable(Type.String()),
  body: AnyObject,
});
export type TimelineEntry = Static<typeof TimelineEntry>;

export const Decision = Type.Object({
  id: Type.String(),
  requestId: Type.String(),
  authorizationId: Type.String(),
  cardId: Type.String(),
  approved: Type.Boolean(),
  reason: Type.String(),
  askedMinor: ShownMinor,
  approvedMinor: ShownMinor,
  currency: CurrencyCode,
  availableBeforeMinor: nullable(ShownMinor),
  confirmed: Type.Boolean(),
  decidedAt: Timestamp,
  timings: AnyObject,
});
export type Decision = Static<typeof Decision>;

export const Authorization = Type.Object({
  id: Type.String(),
  tenantId: Type.String(),
  cardId: Type.String(),
  accountId: Type.String(),
  stripeCardId: Type.String(),
  currency: CurrencyCode,
  status: Type.Enum(['pending', 'closed', 'reversed', 'expired']),
  heldMinor: ShownMinor,
  capturedMinor: ShownMinor,
  refundedMinor: ShownMinor,
  flags: Type.Array(Type.String()),
  createdAt: Timestamp,
});
export type Authorization = Static<typeof Authorization>;

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
  flags: Type.Array(Type.String()),
  createdAt: Timestamp,
});
export type Transaction = Static<typeof Transaction>;

export const TransactionQuery = Type.Object(
  {
    ...pageFields,
    cardId: Type.Optional(CardIdText),
    tenantId: Type.Optional(TenantIdText),
  },
  { additionalProperties: false },
);
export type TransactionQuery = Static<typeof TransactionQuery>;
