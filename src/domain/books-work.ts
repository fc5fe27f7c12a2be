/**
 * A batch under way: the books as they were loaded, and what has become of them so far. Everything that is told
 * at the end (items, spending) is the difference between the two, so it does not depend on the steps between.
 */
import {
  itemChanges,
  itemsOfAccount,
  itemsOfAuthorization,
  itemsOfTransaction,
} from './attention-items.ts';
import type { ObservedTransaction } from './authorization-state.ts';
import type {
  AccountState,
  AuthorizationState,
  Books,
  BooksChange,
  CardState,
  OwnedEntry,
  SeenOutcome,
  SpendingDelta,
  TransactionState,
} from './books.ts';
import type { Confirmation } from './confirmation.ts';
import type { BookedTransaction } from './convergence.ts';
import type {
  AccountId,
  AuthorizationId,
  CardId,
  StripeCardId,
  TenantId,
  TransactionId,
} from './ids.ts';
import { invariant } from './invariant.ts';
import { type JournalEntry, netOf } from './ledger.ts';
import { add, minorUnits, ZERO } from './money.ts';

export interface BooksWork {
  readonly before: Books;
  readonly nowS: number;
  readonly accounts: Map<AccountId, AccountState>;
  readonly authorizations: Map<AuthorizationId, AuthorizationState>;
  readonly transactions: Map<TransactionId, TransactionState>;
  /** Ids of the clearing records of each authorization. */
  readonly members: Map<AuthorizationId, Set<TransactionId>>;
  readonly confirmations: Map<AuthorizationId, readonly Confirmation[]>;
  readonly entries: OwnedEntry[];
  readonly facts: BooksChange['facts'][number][];
  readonly woken: Set<StripeCardId>;
  readonly outcomes: Map<number, SeenOutcome>;
}

export function beginWork(before: Books, nowS: number): BooksWork {
  const work: BooksWork = {
    before,
    nowS,
    accounts: new Map(before.accounts),
    authorizations: new Map(before.authorizations),
    transactions: new Map(),
    members: new Map(),
    confirmations: new Map(),
    entries: [],
    facts: [],
    woken: new Set(),
    outcomes: new Map(),
  };
  for (const state of before.transactions.values()) setTransaction(work, state);
  return work;
}

/** Stores the state, and counts it among the clearing records of its authorization. */
export function setTransaction(work: BooksWork, state: TransactionState): void {
  const { transactionId, authorizationId } = state.transaction;
  work.transactions.set(transactionId, state);
  if (authorizationId === null || state.accountId === null) return;
  const members = work.members.get(authorizationId) ?? new Set();
  members.add(transactionId);
  work.members.set(authorizationId, members);
}

/** The clearing records of an authorization that are on the books of its account. */
export const membersOf = (
  { members, transactions }: BooksWork,
  id: AuthorizationId,
): readonly TransactionState[] =>
  [...(members.get(id) ?? [])].flatMap((transactionId) => transactions.get(transactionId) ?? []);

export const bookedOf = (records: readonly TransactionState[]): readonly BookedTransaction[] =>
  records.map(({ transaction }) => {
    const { transactionId, type, amountMinor, createdS } = transaction;
    return { transactionId, type, amountMinor, createdS };
  });

export function accountOf({ accounts }: BooksWork, accountId: AccountId): AccountState {
  const account = accounts.get(accountId);
  invariant(account !== undefined, `account ${accountId} is loaded and locked`);
  return account;
}

/** Writes an entry of a customer's account, whose balance follows. */
export function writeEntry(work: BooksWork, accountId: AccountId, entry: JournalEntry): void {
  const account = accountOf(work, accountId);
  const { tenantId, currency } = account;
  work.entries.push({ tenantId, currency, accountId, entry });
  const availableMinor = minorUnits(account.availableMinor + netOf(entry.postings, 'available'));
  work.accounts.set(accountId, { ...account, availableMinor });
}

/** Tells the workflow of a card that winds down, or is closed, of money at once; to any other it changes nothing. */
export function tellMoney(work: BooksWork, card: CardState, seen: ObservedTransaction): void {
  const isForced = seen.type === 'capture' && seen.authorizationId === null;
  if (card.phase !== 'winding_down' && card.phase !== 'closed') return;
  work.facts.push({
    tenantId: card.tenantId,
    cardId: card.cardId,
    fact: { kind: 'money_seen', cause: isForced ? 'forced_capture' : seen.type },
    dedupeKey: `money/${seen.transactionId}`,
  });
}

/** What has become of the books, in the fixed order of the ids. */
export function endWork(work: BooksWork): BooksChange {
  const { before } = work;
  const accounts = changed(before.accounts, work.accounts);
  const authorizations = changed(before.authorizations, work.authorizations);
  const transactions = changed(before.transactions, work.transactions);
  const items = [
    ...accounts.map(({ was, is }) =>
      itemChanges(was === undefined ? [] : itemsOfAccount(was), itemsOfAccount(is)),
    ),
    ...authorizations.map(({ id, was, is }) =>
      itemChanges(
        was === undefined ? [] : itemsOfAuthorization(was, bookedOf(membersBefore(work, id))),
        itemsOfAuthorization(is, bookedOf(membersOf(work, id))),
      ),
    ),
    ...transactions.map(({ was, is }) => {
      const card = before.cards.get(is.transaction.stripeCardId);
      return itemChanges(
        was === undefined ? [] : itemsOfTransaction(was, card),
        itemsOfTransaction(is, card),
      );
    }),
  ];
  return {
    accounts: accounts.map(({ is }) => is),
    authorizations: authorizations.map(({ id, was, is }) => ({
      state: is,
      isNew: was === undefined,
      confirmations: work.confirmations.get(id) ?? [],
    })),
    transactions: transactions.map(({ was, is }) => ({ state: is, isNew: was === undefined })),
    entries: work.entries,
    opened: items.flatMap(({ opened }) => opened),
    closed: items.flatMap(({ closed }) => closed),
    facts: work.facts,
    spending: spendingOf(authorizations, transactions),
    woken: [...work.woken],
    outcomes: work.outcomes,
  };
}

interface Changed<Id, State> {
  readonly id: Id;
  readonly was: State | undefined;
  readonly is: State;
}

function changed<Id, State>(
  before: ReadonlyMap<Id, State>,
  after: ReadonlyMap<Id, State>,
): readonly Changed<Id, State>[] {
  return [...after]
    .map(([id, is]) => ({ id, was: before.get(id), is }))
    .filter(({ was, is }) => was !== is)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Those of an authorization's clearing records that were its own before the batch. */
const membersBefore = (
  { before, members }: BooksWork,
  id: AuthorizationId,
): readonly TransactionState[] =>
  [...(members.get(id) ?? [])]
    .flatMap((transactionId) => before.transactions.get(transactionId) ?? [])
    .filter((was) => was.accountId !== null && was.transaction.authorizationId === id);

/** A purchase counts with the card of its authorization; a forced capture is one too, with its own card. */
function spendingOf(
  authorizations: readonly Changed<AuthorizationId, AuthorizationState>[],
  transactions: readonly Changed<TransactionId, TransactionState>[],
): BooksChange['spending'] {
  const totals = new Map<CardId, { readonly tenantId: TenantId; readonly delta: SpendingDelta }>();
  const count = (
    owner: { readonly tenantId: TenantId; readonly cardId: CardId | null },
    sign: 1 | -1,
    part: Partial<SpendingDelta>,
  ): void => {
    if (owner.cardId === null) return;
    const delta = totals.get(owner.cardId)?.delta ?? NO_SPENDING;
    totals.set(owner.cardId, {
      tenantId: owner.tenantId,
      delta: {
        purchases: delta.purchases + sign * (part.purchases ?? 0),
        captures: delta.captures + sign * (part.captures ?? 0),
        capturedMinor: delta.capturedMinor + sign * (part.capturedMinor ?? 0),
        refundedMinor: delta.refundedMinor + sign * (part.refundedMinor ?? 0),
      },
    });
  };
  for (const { was, is } of authorizations) {
    if (was?.isPurchase === true) count(was, -1, { purchases: 1 });
    if (is.isPurchase) count(is, 1, { purchases: 1 });
  }
  for (const { was, is } of transactions) {
    if (was !== undefined) count(was, -1, spendingOfTransaction(was));
    count(is, 1, spendingOfTransaction(is));
  }
  return [...totals]
    .map(([cardId, { tenantId, delta }]) => ({ cardId, tenantId, delta }))
    .filter(({ delta }) => Object.values(delta).some((value) => value !== 0));
}

const NO_SPENDING: SpendingDelta = {
  purchases: 0,
  captures: 0,
  capturedMinor: 0,
  refundedMinor: 0,
};

function spendingOfTransaction({ transaction, flags }: TransactionState): Partial<SpendingDelta> {
  const { type, amountMinor } = transaction;
  if (type === 'refund') return { refundedMinor: amountMinor };
  const purchases = flags.includes('forced_capture') ? 1 : 0;
  return { purchases, captures: 1, capturedMinor: add(amountMinor, ZERO) };
}
