/** The feed of changes: phases, decisions, bookings and attention items in one order, without personal data. */
import { type Static, Type } from 'typebox';
import { EntryIdText, EntryKind } from './account-booking.ts';
import { nullable, ShownMinor, TenantIdText, Timestamp } from './values.ts';

/** Enough for a screen or a small step. */
export const CHANGES_DEFAULT = 100;
/** Keeps an answer below about 500 kB. */
const CHANGES_MAX = 500;
/** Below the 60 s after which proxies give a silent connection up. */
export const CHANGES_WAIT_MAX_S = 30;

export const ChangeQuery = Type.Object(
  {
    tenantId: Type.Optional(TenantIdText),
    after: Type.Optional(
      Type.String({
        pattern: '^([0-9]{1,9}\\.[0-9]{1,19}\\.[0-5]\\.[A-Za-z0-9_]{0,64}|latest)$',
        description:
          'A cursor of this feed; what comes after it is answered. From the beginning unless given. `latest` answers the cursor of this moment and no changes.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: CHANGES_MAX, default: CHANGES_DEFAULT }),
    ),
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: CHANGES_WAIT_MAX_S,
        default: 0,
        description: 'Seconds to wait for the next change when there is none yet.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ChangeQuery = Static<typeof ChangeQuery>;

const place = {
  cursor: Type.String({ description: 'Given as `after` it brings what comes after this change.' }),
  tenantId: Type.Union([TenantIdText, Type.Null()], {
    description: 'Null of an item that belongs to no known tenant.',
  }),
  cardId: nullable(Type.String()),
  accountId: nullable(Type.String()),
  at: Timestamp,
};

const PhaseChange = Type.Object({
  ...place,
  kind: Type.Literal('phase'),
  phase: Type.Object({
    from: Type.Union([Type.String(), Type.Null()], {
      description: 'Null of a card that was just requested.',
    }),
    to: Type.String(),
    cause: nullable(Type.String()),
  }),
});

const DecisionChange = Type.Object({
  ...place,
  kind: Type.Literal('decision'),
  decision: Type.Object({
    decisionId: Type.String(),
    authorizationId: nullable(Type.String()),
    approved: Type.Boolean(),
    reason: Type.String(),
    currency: nullable(Type.String()),
    askedMinor: nullable(ShownMinor),
    approvedMinor: ShownMinor,
  }),
});

const BookingChange = Type.Object({
  ...place,
  kind: Type.Literal('booking'),
  booking: Type.Object({
    entryId: EntryIdText,
    entryKind: EntryKind,
    currency: Type.String(),
    counterAccountId: nullable(Type.String()),
    authorizationId: nullable(Type.String()),
    transactionId: nullable(Type.String()),
    decisionId: nullable(Type.String()),
    correctsEntryId: nullable(EntryIdText),
    effectiveAt: Timestamp,
    postings: Type.Immutable(
      Type.Array(
        Type.Object({
          debit: Type.String(),
          credit: Type.String(),
          amountMinor: ShownMinor,
          accountId: nullable(Type.String()),
        }),
        { description: 'Each moves the amount from `debit` to `credit`.' },
      ),
    ),
  }),
});

const AttentionChange = Type.Object({
  ...place,
  kind: Type.Enum(['attention_opened', 'attention_closed']),
  attention: Type.Object({
    itemId: Type.String(),
    itemKind: Type.String(),
    subject: Type.String({ description: 'What it is about: an id.' }),
  }),
});

export const Change = Type.Union([PhaseChange, DecisionChange, BookingChange, AttentionChange]);
export type Change = Static<typeof Change>;

export const ChangePage = Type.Object({
  data: Type.Array(Change),
  nextCursor: Type.String({
    description: 'Given as `after` it brings what comes next; also when `data` is empty.',
  }),
  hasMore: Type.Boolean({ description: 'Whether more may be read without waiting.' }),
});
export type ChangePage = Static<typeof ChangePage>;
