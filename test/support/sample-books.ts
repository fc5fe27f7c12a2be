/** Small books of one customer as values, and what a test shows them; each test changes what it is about. */
import { applySightings } from '../../src/domain/apply-sightings.ts';
import type {
  AuthorizationSnapshot,
  HistoryEntry,
  ObservedTransaction,
} from '../../src/domain/authorization-state.ts';
import type {
  AccountState,
  Books,
  BooksChange,
  CardState,
  MoneySighting,
  SeenOutcome,
  SeenRow,
} from '../../src/domain/books.ts';
import type { RecordedDecision } from '../../src/domain/confirmation.ts';
import {
  parseAccountId,
  parseAuthorizationId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { type MinorUnits, minorUnits, ZERO } from '../../src/domain/money.ts';
import { currency } from './sample-request.ts';

/** When everything happens that says nothing else, and when it is applied. */
export const AT_S = 1_800_000_000;
export const NOW_S = AT_S + 600;

type Changed<T> = Omit<Partial<T>, 'amountMinor'> & { readonly amount?: number };

export const sampleAccount = (over: Partial<AccountState> = {}): AccountState => ({
  accountId: parseAccountId('acc_1'),
  tenantId: parseTenantId('ten_1'),
  currency: currency('usd'),
  availableMinor: minorUnits(10_000),
  creditLimitMinor: ZERO,
  status: 'open',
  ...over,
});

export const sampleCard = (over: Partial<CardState> = {}): CardState => ({
  stripeCardId: parseStripeCardId('ic_1'),
  tenantId: parseTenantId('ten_1'),
  cardId: parseCardId('card_1'),
  accountId: parseAccountId('acc_1'),
  phase: 'active',
  usage: 'spending',
  reading: 'unknown',
  ...over,
});

export const sampleEntry = (amount: number, over: Partial<HistoryEntry> = {}): HistoryEntry => ({
  amountMinor: minorUnits(amount),
  approved: true,
  reason: 'webhook_approved',
  createdS: AT_S,
  ...over,
});

export function sampleView(over: Changed<AuthorizationSnapshot> = {}): AuthorizationSnapshot {
  const { amount = 1_000, ...rest } = over;
  return {
    authorizationId: parseAuthorizationId('iauth_1'),
    stripeCardId: parseStripeCardId('ic_1'),
    rank: { source: 'event', atS: AT_S },
    status: 'pending',
    approved: true,
    amountMinor: minorUnits(amount),
    currency: currency('usd'),
    createdS: AT_S,
    history: [sampleEntry(amount, { approved: over.approved ?? true })],
    metadataKeys: [],
    merchant: {
      name: 'Shop',
      category: 'bakeries',
      categoryCode: '5462',
      country: 'US',
      networkId: '1',
    },
    captures: [],
    previous: null,
    ...rest,
  };
}

export function sampleTransaction(over: Changed<ObservedTransaction> = {}): ObservedTransaction {
  const { amount = 1_000, ...rest } = over;
  return {
    transactionId: parseTransactionId('ipi_1'),
    type: 'capture',
    authorizationId: parseAuthorizationId('iauth_1'),
    stripeCardId: parseStripeCardId('ic_1'),
    amountMinor: minorUnits(amount),
    currency: currency('usd'),
    createdS: AT_S + 60,
    merchant: {
      name: 'Shop',
      category: 'bakeries',
      categoryCode: '5462',
      country: 'US',
      networkId: '1',
    },
    parts: {
      merchantAmountMinor: null,
      merchantCurrency: null,
      atmFeeMinor: ZERO,
      cashbackMinor: ZERO,
    },
    ...rest,
  };
}

/** A record that names no authorization. */
export const sampleUnlinked = (
  over: Parameters<typeof sampleTransaction>[0] = {},
): ObservedTransaction => sampleTransaction({ authorizationId: null, ...over });

export function sampleDecision(
  over: Omit<Partial<RecordedDecision>, 'approvedMinor'> & { readonly amount?: number } = {},
): RecordedDecision {
  const { amount = 1_000, ...rest } = over;
  const approvedMinor: MinorUnits = over.approved === false ? ZERO : minorUnits(amount);
  return {
    requestId: 'evt_request',
    approved: true,
    askedMinor: minorUnits(amount),
    approvedMinor,
    surplus: { kind: 'none' },
    requestedS: AT_S,
    decidedS: AT_S,
    ...rest,
  };
}

/** Books with the sample's card and account on them, and with whatever else is given. */
export function booksOf(
  over: { readonly cards?: readonly CardState[]; readonly accounts?: readonly AccountState[] } = {},
): Books {
  const { cards = [sampleCard()], accounts = [sampleAccount()] } = over;
  return {
    cards: new Map(cards.map((card) => [card.stripeCardId, card])),
    accounts: new Map(accounts.map((account) => [account.accountId, account])),
    authorizations: new Map(),
    decisions: new Map(),
    transactions: new Map(),
  };
}

/** The books once a change is written. */
export function written(books: Books, change: BooksChange): Books {
  const { accounts, authorizations, transactions } = change;
  return {
    cards: books.cards,
    decisions: books.decisions,
    accounts: new Map([
      ...books.accounts,
      ...accounts.map((state) => [state.accountId, state] as const),
    ]),
    authorizations: new Map([
      ...books.authorizations,
      ...authorizations.map(({ state }) => [state.record.authorizationId, state] as const),
    ]),
    transactions: new Map([
      ...books.transactions,
      ...transactions.map(({ state }) => [state.transaction.transactionId, state] as const),
    ]),
  };
}

export const seen = (transaction: ObservedTransaction): MoneySighting => ({
  kind: 'transaction',
  transaction,
});

export const viewed = (
  snapshot: AuthorizationSnapshot,
  ...transactions: readonly ObservedTransaction[]
): MoneySighting => ({ kind: 'authorization', snapshot, transactions });

/** One batch; each sighting becomes a row of the sample's tenant, with its place as its key. */
export const apply = (books: Books, ...sightings: readonly MoneySighting[]): BooksChange =>
  applySightings(
    books,
    sightings.map(
      (sighting, key): SeenRow => ({ key, tenantId: parseTenantId('ten_1'), sighting }),
    ),
    NOW_S,
  );

/** The postings of a change in one line each, in the order in which they are written. */
export const linesOf = ({ entries }: BooksChange): readonly string[] =>
  entries.flatMap(({ entry }) =>
    entry.postings.map((p) => `${entry.kind}: ${p.debit} → ${p.credit} ${p.amountMinor}`),
  );

/** How the rows of a batch end, in their order. */
export const outcomesOf = ({ outcomes }: BooksChange): readonly SeenOutcome[] => [
  ...outcomes.values(),
];
