/** Stored events and what became of them. Their bodies hold personal data and are not shown. */
import { type Static, Type } from 'typebox';
import { AttentionItem } from './attention.ts';
import { PersonText, ReasonText } from './audit-log.ts';
import { pageFields } from './page.ts';
import { CurrencyCode, nullable, ShownMinor, TenantIdText, Timestamp } from './values.ts';

const Source = Type.Enum(['webhook', 'catch_up', 'fetch', 'decision'], {
  description:
    'How it came: sent by Stripe or a KYC provider, found in the list of events, read as an object, or made here.',
});
const Status = Type.Enum(['pending', 'applied', 'ignored', 'attention'], {
  description:
    '`pending`, with attempts, is parked or failing and tried again; `attention` was set aside for a person.',
});

const summary = {
  id: Type.String({
    description: 'As its sender names it.',
    examples: ['evt_1NvPvZ2eZvKYlo2C4aTfyPEq'],
  }),
  tenantId: nullable(Type.String()),
  stripeAccount: nullable(Type.String()),
  type: Type.String({ examples: ['issuing_authorization.updated'] }),
  source: Source,
  objectId: nullable(Type.String()),
  createdAt: Type.String({ description: 'At its sender. ISO 8601, UTC.' }),
  receivedAt: Timestamp,
  status: Status,
  reason: nullable(Type.String()),
  attempts: Type.Integer(),
  nextTryAt: nullable(Timestamp),
  settledAt: nullable(Timestamp),
  erasedAt: Type.Union([Timestamp, Type.Null()], { description: 'When its body was erased.' }),
};

export const EventSummary = Type.Object(summary);
export type EventSummary = Static<typeof EventSummary>;

const Entry = Type.Object({
  entryId: Type.String(),
  kind: Type.String(),
  currency: CurrencyCode,
  accountId: nullable(Type.String()),
  authorizationId: nullable(Type.String()),
  transactionId: nullable(Type.String()),
  amountMinor: ShownMinor,
  postedAt: Timestamp,
});

const Fact = Type.Object({
  factId: Type.String(),
  cardId: Type.String(),
  kind: Type.String(),
  createdAt: Timestamp,
  signalledAt: nullable(Timestamp),
  closedAt: Type.Union([Timestamp, Type.Null()], {
    description: "When a save of the card's workflow had worked it off.",
  }),
  workflowId: Type.String({ examples: ['card/card_4f2c0a7be1d94a5fb3c6'] }),
  runId: Type.Union([Type.String(), Type.Null()], {
    description: 'The run that took it last; null before, and where it is not known.',
  }),
});

const Replay = Type.Object({
  at: Timestamp,
  actor: Type.String(),
  by: nullable(Type.String()),
  reason: nullable(Type.String()),
});

export const EventFate = Type.Object({
  ...summary,
  entries: Type.Immutable(
    Type.Array(Entry, {
      description:
        'Entries of the ledger about its object, written when it was applied; none when they were there before.',
    }),
  ),
  facts: Type.Immutable(
    Type.Array(Fact, { description: "What it told the cards' workflows, replays among it." }),
  ),
  attention: Type.Immutable(
    Type.Array(AttentionItem, { description: 'Items about it or its object, closed ones too.' }),
  ),
  replays: Type.Immutable(Type.Array(Replay)),
});
export type EventFate = Static<typeof EventFate>;

const moment = (description: string) =>
  Type.String({
    pattern: '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?Z$',
    description,
    examples: ['2026-11-01T00:00:00Z'],
  });

const Word = Type.String({ minLength: 1, maxLength: 300 });

export const EventQuery = Type.Object(
  {
    ...pageFields,
    tenantId: Type.Optional(TenantIdText),
    type: Type.Optional(Word),
    status: Type.Optional(Status),
    source: Type.Optional(Source),
    objectId: Type.Optional(Word),
    from: Type.Optional(moment('Created at or after it. ISO 8601 in UTC.')),
    to: Type.Optional(moment('Created before it. ISO 8601 in UTC.')),
  },
  { additionalProperties: false },
);
export type EventQuery = Static<typeof EventQuery>;

export const ReplayEvent = Type.Object(
  { reason: Type.Optional(ReasonText), by: Type.Optional(PersonText) },
  { additionalProperties: false },
);
export type ReplayEvent = Static<typeof ReplayEvent>;
