/** Balances of past moments, entries and statements of an account. */
import { type Static, Type } from 'typebox';
import { EntryIdText, EntryKind } from './account-booking.ts';
import { pageFields } from './page.ts';
import { AccountIdText, CurrencyCode, nullable, ShownMinor, Timestamp } from './values.ts';

/** Enough for most months of most customers. */
const STATEMENT_LINES_DEFAULT = 100;
/** Keeps an answer below about 300 kB; whoever wants all lines at once takes the CSV. */
export const STATEMENT_LINES_MAX = 500;

const moment = (description: string) =>
  Type.String({
    pattern: '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?Z$',
    description: `${description} ISO 8601 in UTC, with up to six digits after the point.`,
    examples: ['2026-11-01T00:00:00Z'],
  });

export const BalanceQuery = Type.Object(
  { at: moment('The moment asked for, inclusive; one in the future is taken as now.') },
  { additionalProperties: false },
);
export type BalanceQuery = Static<typeof BalanceQuery>;

const seq = Type.Integer({ description: 'Number of the posting, counted from 1 in each account.' });
const availableMinor = ShownMinor;
const heldMinor = ShownMinor;

export const Balance = Type.Object({
  accountId: AccountIdText,
  currency: CurrencyCode,
  at: Timestamp,
  availableMinor,
  heldMinor,
  postedAt: Type.Union([Timestamp, Type.Null()], {
    description: 'Of the newest posting until then; null before the first.',
  }),
});
export type Balance = Static<typeof Balance>;

/** What an entry is about. */
const references = {
  authorizationId: nullable(Type.String()),
  transactionId: nullable(Type.String()),
  externalRef: nullable(Type.String()),
  correctsEntryId: nullable(EntryIdText),
  counterAccountId: Type.Union([AccountIdText, Type.Null()], {
    description: 'The account at the other end of a transfer.',
  }),
};

const times = {
  postedAt: Timestamp,
  effectiveAt: Type.String({
    description: 'When it happened for the customer; may lie in the past of `postedAt`.',
    examples: ['2026-11-23T09:30:00.000000Z'],
  }),
};

export const AccountEntry = Type.Object(
  {
    entryId: EntryIdText,
    seq,
    kind: EntryKind,
    ...times,
    availableChangeMinor: ShownMinor,
    heldChangeMinor: ShownMinor,
    availableMinor,
    heldMinor,
    ...references,
    decisionId: nullable(Type.String()),
  },
  {
    description:
      'One posting of the account with the balances after it. An entry may have several, e.g. a capture above its hold.',
  },
);
export type AccountEntry = Static<typeof AccountEntry>;

export const StatementQuery = Type.Object(
  {
    from: moment('Begin of the period, inclusive.'),
    to: moment('End of the period, exclusive.'),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        default: 'json',
        description: 'CSV is the whole statement at once; `limit` and `after` are for JSON.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: STATEMENT_LINES_MAX,
        // No default in the schema: it would be filled in for CSV too, which has no pages.
        description: `Lines of a page; ${STATEMENT_LINES_DEFAULT} unless given.`,
      }),
    ),
    after: pageFields.after,
  },
  { additionalProperties: false },
);
export type StatementQuery = Static<typeof StatementQuery>;

/** The page of lines of a query in which `limit` may be absent. */
export const pageOfStatement = (query: StatementQuery) => ({
  limit: query.limit ?? STATEMENT_LINES_DEFAULT,
  after: query.after,
});

const StatementBalance = Type.Object({
  balanceMinor: Type.Integer({
    description: 'Available and held together: money that is held has not left the account.',
  }),
  availableMinor,
  heldMinor,
});

export const StatementLine = Type.Object({
  entryId: EntryIdText,
  seq,
  kind: EntryKind,
  ...times,
  amountMinor: Type.Integer({ description: 'What came in is positive, what went out negative.' }),
  balanceMinor: Type.Integer({ description: 'The balance after it.' }),
  ...references,
  cardId: nullable(Type.String()),
  merchant: nullable(Type.String()),
});
export type StatementLine = Static<typeof StatementLine>;

export const Statement = Type.Object({
  accountId: AccountIdText,
  customerRef: Type.String(),
  currency: CurrencyCode,
  from: Timestamp,
  to: Timestamp,
  final: Type.Boolean({ description: 'Whether nothing can be added to the period any more.' }),
  opening: StatementBalance,
  closing: StatementBalance,
  lines: Type.Array(StatementLine, {
    description: 'Oldest first. The opening balance and all lines add up to the closing balance.',
  }),
  nextCursor: Type.Union([Type.String(), Type.Null()], {
    description: 'Given as `after` it brings the next lines; null at the end.',
  }),
});
export type Statement = Static<typeof Statement>;
