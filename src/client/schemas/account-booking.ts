/** Commands that move the money of accounts, and what they have booked. */
import { type Static, Type } from 'typebox';
import {
  AccountIdText,
  AmountMinor,
  CurrencyCode,
  nullable,
  ShownMinor,
  Timestamp,
} from './values.ts';

const externalRef = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 200,
    description:
      'Your name for it. An account books it once, whatever the key and whatever the command; a repeat answers ' +
      'the first booking.',
  }),
);

export const NewCredit = Type.Object(
  { amountMinor: AmountMinor, externalRef },
  {
    additionalProperties: false,
    examples: [{ amountMinor: 50_000, externalRef: 'bank-transfer-7781' }],
  },
);
export type NewCredit = Static<typeof NewCredit>;

export const NewDebit = Type.Object(
  { amountMinor: AmountMinor, externalRef },
  {
    additionalProperties: false,
    examples: [{ amountMinor: 20_000, externalRef: 'payout-1203' }],
  },
);
export type NewDebit = Static<typeof NewDebit>;

export const NewTransfer = Type.Object(
  { toAccountId: AccountIdText, amountMinor: AmountMinor, externalRef },
  {
    additionalProperties: false,
    examples: [{ toAccountId: 'acc_4f2c0a7be1d94a5fb3c6', amountMinor: 7_500 }],
  },
);
export type NewTransfer = Static<typeof NewTransfer>;

export const Reversal = Type.Object(
  { externalRef },
  { additionalProperties: false, examples: [{ externalRef: 'returned-7781' }] },
);
export type Reversal = Static<typeof Reversal>;

export const EntryIdText = Type.String({
  description: 'Number of an entry of the ledger, as a text.',
  examples: ['90412'],
});
export const EntryKind = Type.Enum(
  [
    'credit',
    'debit',
    'transfer',
    'hold',
    'release',
    'capture',
    'refund',
    'suspense_resolution',
    'correction',
  ],
  { examples: ['transfer'] },
);

export const BookedEntry = Type.Object({
  entryId: EntryIdText,
  kind: EntryKind,
  accountId: AccountIdText,
  counterAccountId: nullable(AccountIdText),
  currency: CurrencyCode,
  amountMinor: ShownMinor,
  externalRef: nullable(Type.String()),
  correctsEntryId: nullable(EntryIdText),
  availableMinor: Type.Integer({ description: 'What was available on the account after it.' }),
  postedAt: Timestamp,
});
export type BookedEntry = Static<typeof BookedEntry>;
