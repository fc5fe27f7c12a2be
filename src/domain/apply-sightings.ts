/**
 * What a batch of sightings makes of the books of the customers concerned: one pure function over everything stored
 * of them. Cards first (what waited for them in suspense), then clearing records without an authorization, then each
 * authorization once, however many rows are about it. Any order, repetition and batching ends in the same books.
 */
import {
  type AuthorizationSnapshot,
  byTime,
  latestViews,
  type ObservedTransaction,
} from './authorization-state.ts';
import type { AuthorizationState, Books, BooksChange, CardState, SeenRow } from './books.ts';
import {
  accountOf,
  type BooksWork,
  beginWork,
  bookedOf,
  endWork,
  membersOf,
  setTransaction,
  tellMoney,
  writeEntry,
} from './books-work.ts';
import { link, moveToAccount, resolveSuspense, standingFlags } from './clearing.ts';
import { NO_EVIDENCE } from './confirmation.ts';
import { type AuthorizationRecord, type Convergence, converge } from './convergence.ts';
import type { AuthorizationId, StripeCardId, TransactionId } from './ids.ts';
import { ZERO } from './money.ts';
import {
  addTransaction,
  cardOf,
  type Intake,
  nameAwaiting,
  recordsOfKnownCards,
  type Subject,
  takeIn,
  takeOfUnknownCard,
} from './sighting-intake.ts';

/**
 * `books` must hold what is stored of every card, account, authorization and clearing record that the rows name, the
 * authorizations that await a record which names none, the cards and decisions of all these authorizations, and what
 * waits in suspense for the cards. `nowS` dates what has no date of its own.
 */
export function applySightings(books: Books, rows: readonly SeenRow[], nowS: number): BooksChange {
  const work = beginWork(books, nowS);
  const intake: Intake = { work, subjects: new Map(), claims: new Map() };
  const ofKnownCards: { readonly row: SeenRow; readonly card: CardState }[] = [];
  for (const row of rows.map((seen) => nameAwaiting(books, seen))) {
    const card = cardOf(books, row);
    if (card !== undefined) ofKnownCards.push({ row, card });
    else {
      work.outcomes.set(row.key, takeOfUnknownCard(work, row));
      ofKnownCards.push(...recordsOfKnownCards(books, row));
    }
  }
  for (const known of distinct(ofKnownCards.map(({ card }) => card))) {
    for (const moved of resolveSuspense(work, known)) addTransaction(intake, known, moved);
  }
  for (const { row, card } of ofKnownCards) {
    const outcome = takeIn(intake, row.sighting, card);
    if (!work.outcomes.has(row.key)) work.outcomes.set(row.key, outcome);
  }
  const inOrder = [...intake.subjects].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [authorizationId, subject] of inOrder) bring(work, authorizationId, subject);
  return endWork(work);
}

const distinct = (cards: readonly CardState[]): readonly CardState[] =>
  [...new Set(cards)].toSorted((a, b) => (a.stripeCardId < b.stripeCardId ? -1 : 1));

const unseen = ({ decisions }: Books, authorizationId: AuthorizationId): AuthorizationRecord => ({
  authorizationId,
  newest: [],
  evidence: NO_EVIDENCE,
  heldMinor: ZERO,
  decisions: decisions.get(authorizationId) ?? [],
});

/** Brings one authorization to where everything known leads. */
function bring(work: BooksWork, authorizationId: AuthorizationId, subject: Subject): void {
  const { snapshots, transactions, card: seenWith } = subject;
  const stored = work.authorizations.get(authorizationId);
  const record = stored?.record ?? unseen(work.before, authorizationId);
  const captures = snapshots.flatMap((snapshot) => snapshot.captures);
  const shown = captures.map(({ transactionId }) => transactionId);
  const listed = new Set([...(stored?.awaits ?? []), ...shown]);
  claimRecords(work, seenWith, listed, authorizationId);
  const booked = bookedOf(membersOf(work, authorizationId));
  const { reading } = seenWith;
  const { nowS } = work;
  const result = converge({ record, booked, snapshots, transactions, reading, nowS });
  for (const transaction of result.newTransactions) {
    const card = cardNamed(work, transaction.stripeCardId, seenWith) ?? seenWith;
    const { tenantId, accountId, cardId } = card;
    const flags = standingFlags(work, accountId);
    setTransaction(work, { transaction, tenantId, accountId, cardId, flags });
    tellMoney(work, card, transaction);
  }
  for (const entry of result.entries) writeEntry(work, seenWith.accountId, entry);
  settleCards(work, authorizationId, seenWith);
  const state = stateOf(work, record, result, { stored, seenWith, listed });
  work.authorizations.set(authorizationId, state);
  work.confirmations.set(authorizationId, result.confirmations);
  if (state.isPurchase && stored?.isPurchase !== true) tellPurchase(work, state, seenWith);
}

/**
 * Records of this authorization that are on the books already: it lists them, or they name it. Those without their
 * authorization are given it, and those in suspense leave it, because the authorization tells whose they are.
 */
function claimRecords(
  work: BooksWork,
  card: CardState,
  listed: ReadonlySet<TransactionId>,
  authorizationId: AuthorizationId,
): void {
  const { currency } = accountOf(work, card.accountId);
  for (const state of work.transactions.values()) {
    const { transaction } = state;
    const named = transaction.authorizationId;
    const isListed = named === null && listed.has(transaction.transactionId);
    if (!isListed && named !== authorizationId) continue;
    if (state.accountId === null) {
      const isOurs = state.tenantId === card.tenantId && transaction.currency === currency;
      if (!isOurs || state.flags.includes('wrong_currency')) continue;
      moveToAccount(work, card, { ...state, transaction: { ...transaction, authorizationId } });
    } else if (isListed && state.accountId === card.accountId) {
      link(work, state, authorizationId);
    }
  }
}

/** A record is the card's that it names, once that is known; until then it is the card's of its authorization. */
function settleCards(work: BooksWork, authorizationId: AuthorizationId, seenWith: CardState): void {
  for (const state of membersOf(work, authorizationId)) {
    const card = cardNamed(work, state.transaction.stripeCardId, seenWith);
    if (card === undefined || card.cardId === state.cardId) continue;
    setTransaction(work, { ...state, cardId: card.cardId });
  }
}

/** A card of the same account; an authorization moves to a replacement, and a record may name either card. */
function cardNamed(
  { before }: BooksWork,
  stripeCardId: StripeCardId,
  { accountId }: CardState,
): CardState | undefined {
  const card = before.cards.get(stripeCardId);
  return card?.accountId === accountId ? card : undefined;
}

function stateOf(
  work: BooksWork,
  record: AuthorizationRecord,
  result: Convergence,
  from: {
    readonly stored: AuthorizationState | undefined;
    readonly seenWith: CardState;
    readonly listed: ReadonlySet<TransactionId>;
  },
): AuthorizationState {
  const { stored, seenWith, listed } = from;
  const { newest, evidence, hold } = result;
  const [view] = latestViews(newest);
  const records = membersOf(work, record.authorizationId).map(({ transaction }) => transaction);
  const [firstRecord] = records.toSorted(byTime);
  // The card of the newest view: an authorization moves with its card's replacement.
  const shown = view === undefined ? undefined : cardNamed(work, view.stripeCardId, seenWith);
  const { cardId, stripeCardId } = shown ?? stored ?? seenWith;
  return {
    record: { ...record, newest, evidence, heldMinor: hold.heldMinor },
    tenantId: seenWith.tenantId,
    accountId: seenWith.accountId,
    cardId,
    stripeCardId,
    currency: accountOf(work, seenWith.accountId).currency,
    status: result.status,
    capturedMinor: result.capturedMinor,
    refundedMinor: result.refundedMinor,
    countedMinor: hold.countedMinor,
    anchoredS: anchorOf(record, view, firstRecord) ?? work.nowS,
    isPurchase: result.isPurchase,
    awaits: [...listed]
      .filter((id) => work.members.get(record.authorizationId)?.has(id) !== true)
      .toSorted(),
    // Of the earliest record, while nothing else tells where the money went.
    merchant: view?.merchant ?? stored?.merchant ?? firstRecord?.merchant ?? null,
    flags: result.flags,
  };
}

/** Our first approval, else Stripe's creation, else the earliest of what was cleared. */
function anchorOf(
  { decisions }: AuthorizationRecord,
  view: AuthorizationSnapshot | undefined,
  firstRecord: ObservedTransaction | undefined,
): number | undefined {
  const approvals = decisions.filter((decision) => decision.approved);
  if (approvals.length > 0) return Math.min(...approvals.map(({ decidedS }) => decidedS));
  return view?.createdS ?? firstRecord?.createdS;
}

/**
 * The first purchase of an unused or dormant card is told at once, and of one that we do not know to be active yet; all
 * others go with the digest. A card that ends has no use for it, and a closed one must not be opened again for it.
 */
function tellPurchase(work: BooksWork, state: AuthorizationState, seenWith: CardState): void {
  const { tenantId, cardId, stripeCardId } = state;
  const card = work.before.cards.get(stripeCardId) ?? seenWith;
  const isEnding = card.phase === 'winding_down' || card.phase === 'closed';
  if (card.usage === 'spending' || isEnding) return;
  const dedupeKey = `purchase/${state.record.authorizationId}`;
  work.facts.push({ tenantId, cardId, fact: { kind: 'purchase_seen' }, dedupeKey });
}
