/**
 * Sorts the rows of a batch under the authorizations they are about, and books at once what belongs to none. Says of
 * each row how it ended: applied, parked until its card is known, or contradicting what is on the books.
 */
import type { AuthorizationSnapshot, ObservedTransaction } from './authorization-state.ts';
import type { Books, CardState, MoneySighting, SeenOutcome, SeenRow } from './books.ts';
import { accountOf, type BooksWork } from './books-work.ts';
import {
  bookAside,
  bookedElsewhere,
  bookUnlinked,
  contradictionOf,
  link,
  moveToAccount,
} from './clearing.ts';
import type { AccountId, AuthorizationId, TransactionId } from './ids.ts';

/** What a batch shows of one authorization, and the card that it came with. */
export interface Subject {
  readonly card: CardState;
  readonly snapshots: AuthorizationSnapshot[];
  readonly transactions: ObservedTransaction[];
}

export interface Intake {
  readonly work: BooksWork;
  readonly subjects: Map<AuthorizationId, Subject>;
  /** Clearing records that the batch will book with their authorization, and on whose account. */
  readonly claims: Map<TransactionId, { seen: ObservedTransaction; accountId: AccountId }>;
}

/** Why rows of a card wait, and why they were given up if nobody has recorded the card in time. */
export const UNKNOWN_CARD = 'nobody here knows the card of this event';

const APPLIED: SeenOutcome = { kind: 'applied', reason: null };

/** A record that names no authorization, as one of the authorization that was seen to list it. */
export function nameAwaiting({ authorizations }: Books, row: SeenRow): SeenRow {
  const { sighting, tenantId } = row;
  if (sighting.kind !== 'transaction' || sighting.transaction.authorizationId !== null) return row;
  const { transaction } = sighting;
  const awaiting = [...authorizations.values()].find(
    (state) => state.tenantId === tenantId && state.awaits.includes(transaction.transactionId),
  );
  if (awaiting === undefined) return row;
  const { authorizationId } = awaiting.record;
  return { ...row, sighting: { ...sighting, transaction: { ...transaction, authorizationId } } };
}

/**
 * The card that a row is about, if its tenant has it. A record whose card is unknown belongs to the card of its
 * authorization: Stripe may name a replacement that is not recorded here yet.
 */
export function cardOf(books: Books, { sighting, tenantId }: SeenRow): CardState | undefined {
  const card = namedCard(books, sighting);
  return card?.tenantId === tenantId ? card : undefined;
}

function namedCard({ cards, authorizations }: Books, sighting: MoneySighting) {
  const ofAuthorization = (id: AuthorizationId | null): CardState | undefined => {
    const state = id === null ? undefined : authorizations.get(id);
    return state === undefined ? undefined : cards.get(state.stripeCardId);
  };
  switch (sighting.kind) {
    case 'authorization':
      return cards.get(sighting.snapshot.stripeCardId);
    case 'transaction': {
      const { stripeCardId, authorizationId } = sighting.transaction;
      return cards.get(stripeCardId) ?? ofAuthorization(authorizationId);
    }
    case 'card_recorded':
      return cards.get(sighting.stripeCardId);
    case 'decision':
      return ofAuthorization(sighting.authorizationId);
  }
}

/** Money moves at once, against suspense; everything else waits for the card to become known. */
export function takeOfUnknownCard(work: BooksWork, row: SeenRow): SeenOutcome {
  const { sighting, tenantId } = row;
  const [contradiction] = transactionsOf(sighting)
    .filter((seen) => ownCard(work.before, row, seen) === undefined)
    .flatMap((seen) => bookAside(work, tenantId, seen, false) ?? []);
  if (sighting.kind !== 'transaction') return { kind: 'parked', reason: UNKNOWN_CARD };
  return contradiction === undefined
    ? { kind: 'applied', reason: 'booked against suspense: nobody knows the card' }
    : { kind: 'attention', reason: contradiction, hasItem: false };
}

/** Records that name a card known here, though the authorization that lists them has moved to one that is not. */
export const recordsOfKnownCards = (
  books: Books,
  row: SeenRow,
): readonly { readonly row: SeenRow; readonly card: CardState }[] =>
  transactionsOf(row.sighting).flatMap((transaction) => {
    const card = ownCard(books, row, transaction);
    const sighting = { kind: 'transaction', transaction } as const;
    return card === undefined ? [] : [{ row: { ...row, sighting }, card }];
  });

function ownCard(
  { cards }: Books,
  { tenantId }: SeenRow,
  { stripeCardId }: ObservedTransaction,
): CardState | undefined {
  const card = cards.get(stripeCardId);
  return card?.tenantId === tenantId ? card : undefined;
}

/** Transactions that a sighting shows whole; one that is listed by an authorization belongs to it. */
function transactionsOf(sighting: MoneySighting): readonly ObservedTransaction[] {
  if (sighting.kind === 'transaction') return [sighting.transaction];
  if (sighting.kind !== 'authorization') return [];
  const { authorizationId } = sighting.snapshot;
  return sighting.transactions.map((seen) =>
    seen.authorizationId === null ? { ...seen, authorizationId } : seen,
  );
}

/** Takes in a row of a known card. */
export function takeIn(intake: Intake, sighting: MoneySighting, card: CardState): SeenOutcome {
  const { work } = intake;
  if (sighting.kind === 'card_recorded') {
    work.woken.add(card.stripeCardId);
    return APPLIED;
  }
  if (sighting.kind === 'decision') {
    subjectOf(intake, card, sighting.authorizationId);
    return APPLIED;
  }
  const { currency } = accountOf(work, card.accountId);
  const transactions = transactionsOf(sighting);
  const foreign = transactions.filter((seen) => seen.currency !== currency);
  const [contradiction] = foreign.flatMap((seen) => bookForeign(intake, card, seen) ?? []);
  const notTheAccounts = `its currency is not the account's (${currency})`;
  if (sighting.kind === 'authorization' && sighting.snapshot.currency !== currency) {
    return { kind: 'attention', reason: notTheAccounts, hasItem: false };
  }
  // What clears must be booked: a record whose authorization is another account's stands alone on its card's.
  const own = transactions
    .filter((seen) => seen.currency === currency)
    .map((seen) =>
      isOfAnotherAccount(intake, card, seen.authorizationId)
        ? { ...seen, authorizationId: null }
        : seen,
    );
  const conflict = conflictOf(intake, card, sighting, own);
  if (conflict !== undefined) return { kind: 'attention', reason: conflict, hasItem: false };
  for (const seen of own) takeTransaction(intake, card, seen);
  if (sighting.kind === 'authorization') {
    subjectOf(intake, card, sighting.snapshot.authorizationId).snapshots.push(sighting.snapshot);
  }
  if (foreign.length === 0) return APPLIED;
  return contradiction === undefined
    ? { kind: 'attention', reason: `${notTheAccounts}: booked against suspense`, hasItem: true }
    : { kind: 'attention', reason: contradiction, hasItem: false };
}

function bookForeign(
  { work, claims }: Intake,
  { tenantId }: CardState,
  seen: ObservedTransaction,
): string | undefined {
  const claimed = claims.get(seen.transactionId);
  return claimed === undefined
    ? bookAside(work, tenantId, seen, true)
    : contradictionOf(claimed.seen, seen);
}

/** Why a row contradicts the books; another account's authorization or record is not touched under this one's lock. */
function conflictOf(
  { work, subjects, claims }: Intake,
  card: CardState,
  sighting: MoneySighting,
  transactions: readonly ObservedTransaction[],
): string | undefined {
  const id = sighting.kind === 'authorization' ? sighting.snapshot.authorizationId : null;
  if (isOfAnotherAccount({ work, subjects }, card, id)) {
    return `authorization ${id} is another account's`;
  }
  for (const seen of transactions) {
    const booked = work.transactions.get(seen.transactionId);
    const claimed = claims.get(seen.transactionId);
    const known = booked?.transaction ?? claimed?.seen;
    const accountId = booked === undefined ? claimed?.accountId : booked.accountId;
    if (known === undefined) continue;
    const isWaiting = booked?.accountId === null && booked.tenantId === card.tenantId;
    const isElsewhere = accountId !== card.accountId && !isWaiting;
    if (isElsewhere || isOfAnother(known, seen)) return bookedElsewhere(seen);
    const contradiction = contradictionOf(known, seen);
    if (contradiction !== undefined) return contradiction;
  }
  return undefined;
}

function isOfAnotherAccount(
  { work, subjects }: Pick<Intake, 'work' | 'subjects'>,
  card: CardState,
  id: AuthorizationId | null,
): boolean {
  if (id === null) return false;
  const owner = work.authorizations.get(id)?.accountId ?? subjects.get(id)?.card.accountId;
  return owner !== undefined && owner !== card.accountId;
}

const isOfAnother = (known: ObservedTransaction, seen: ObservedTransaction): boolean =>
  known.authorizationId !== null &&
  seen.authorizationId !== null &&
  known.authorizationId !== seen.authorizationId;

function takeTransaction(intake: Intake, card: CardState, seen: ObservedTransaction): void {
  const { work, claims } = intake;
  const known = work.transactions.get(seen.transactionId);
  const { authorizationId } = seen;
  if (authorizationId === null) {
    const isNew = known === undefined && !claims.has(seen.transactionId);
    if (isNew) bookUnlinked(work, card, seen);
    return;
  }
  if (known === undefined) {
    claims.set(seen.transactionId, { seen, accountId: card.accountId });
  } else if (known.accountId === null) {
    // Its authorization tells whose it is, though its card is not known.
    const transaction = { ...known.transaction, authorizationId };
    moveToAccount(work, card, { ...known, transaction });
  } else if (known.transaction.authorizationId === null) {
    link(work, known, authorizationId);
  }
  addTransaction(intake, card, seen);
}

export function addTransaction(intake: Intake, card: CardState, seen: ObservedTransaction): void {
  if (seen.authorizationId === null) return;
  subjectOf(intake, card, seen.authorizationId).transactions.push(seen);
}

function subjectOf({ subjects }: Intake, card: CardState, id: AuthorizationId): Subject {
  const subject = subjects.get(id) ?? { card, snapshots: [], transactions: [] };
  subjects.set(id, subject);
  return subject;
}
