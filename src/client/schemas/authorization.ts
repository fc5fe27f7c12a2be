import { type Static, Type } from 'typebox';
import { AttentionItem } from './attention.ts';
import { DecisionFacts, Surplus } from './decision.ts';
import { pageFields } from './page.ts';
import { Merchant, Transaction } from './transaction.ts';
import {
  AccountIdText,
  CardIdText,
  CurrencyCode,
  nullable,
  ShownMinor,
  Timestamp,
} from './values.ts';

const Status = Type.Enum(['pending', 'closed', 'reversed', 'expired']);

export const AuthorizationSummary = Type.Object({
  id: Type.String(),
  tenantId: Type.String(),
  cardId: Type.Union([Type.String(), Type.Null()], {
    description: 'Null while the card is unknown; nothing is held then.',
  }),
  accountId: nullable(Type.String()),
  stripeCardId: Type.String(),
  currency: CurrencyCode,
  status: Status,
  merchant: nullable(Merchant),
  heldMinor: ShownMinor,
  capturedMinor: ShownMinor,
  refundedMinor: ShownMinor,
  leftMinor: Type.Integer({ description: 'What may still be captured, without the surplus.' }),
  flags: Type.Array(Type.String()),
  purchasedAt: Type.String({
    description: 'The moment it counts at towards spending limits. ISO 8601, UTC.',
  }),
  createdAt: Timestamp,
});
export type AuthorizationSummary = Static<typeof AuthorizationSummary>;

const ChainDecision = Type.Object({
  id: Type.String(),
  requestId: Type.String(),
  approved: Type.Boolean(),
  reason: Type.String(),
  askedMinor: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Null where the request was unreadable.',
  }),
  approvedMinor: ShownMinor,
  surplus: Surplus,
  heldMinor: Type.Integer({ description: 'The amount and its surplus, as it was set aside.' }),
  confirmed: Type.Boolean({
    description:
      'Stripe has shown it answered, or ended without it; it no longer adds to the hold.',
  }),
  availableBeforeMinor: nullable(ShownMinor),
  explanation: Type.String({ description: 'For operators.' }),
  facts: DecisionFacts,
  decidedAt: Timestamp,
});

const ChainRequest = Type.Object({
  at: Timestamp,
  decision: Type.Union([ChainDecision, Type.Null()], {
    description: 'Our recorded answer; null when we were not asked.',
  }),
  answer: Type.Union(
    [
      Type.Object({
        approved: Type.Boolean(),
        amountMinor: ShownMinor,
        reason: Type.String({ examples: ['webhook_approved', 'network_fallback'] }),
      }),
      Type.Null(),
    ],
    { description: 'How it was answered, by Stripe; null while no event has shown it.' },
  ),
});

const HoldMovement = Type.Object({
  entryId: Type.String(),
  kind: Type.String({ examples: ['hold', 'release', 'capture'] }),
  amountMinor: Type.Integer({ description: 'Below zero when less is held afterwards.' }),
  heldAfterMinor: ShownMinor,
  decisionId: nullable(Type.String()),
  transactionId: nullable(Type.String()),
  effectiveAt: Timestamp,
  postedAt: Timestamp,
});

export const Authorization = Type.Object({
  ...AuthorizationSummary.properties,
  approved: Type.Boolean(),
  approvedMinor: Type.Integer({ description: 'Approved in total, by anybody.' }),
  requests: Type.Array(ChainRequest, {
    description: 'Every request in order of time, ours and those answered without us.',
  }),
  holds: Type.Array(HoldMovement, { description: 'How what is held moved, oldest first.' }),
  transactions: Type.Array(Transaction, { description: 'Captures and refunds, oldest first.' }),
  attention: Type.Array(AttentionItem, {
    description: 'Open items about it or its clearing records.',
  }),
});
export type Authorization = Static<typeof Authorization>;

export const AuthorizationQuery = Type.Object(
  {
    ...pageFields,
    cardId: Type.Optional(CardIdText),
    accountId: Type.Optional(AccountIdText),
    status: Type.Optional(Status),
  },
  { additionalProperties: false, description: 'Of a card or of an account: one must be given.' },
);
export type AuthorizationQuery = Static<typeof AuthorizationQuery>;
