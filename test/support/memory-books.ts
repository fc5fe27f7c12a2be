/**
 * The books in memory: what the tables hold, what the adapter loads for a batch, what it writes back, and what the
 * decision function does at once. After each step it checks what the database would not allow.
 */
import { type Named, namedBy } from '../../src/adapters/postgres/apply/named.ts';
import {
  type AccountStanding,
  movementPostings,
  movementRefusal,
} from '../../src/domain/account-rules.ts';
import { applySightings } from '../../src/domain/apply-sightings.ts';
import { itemChanges, itemsOfAccount } from '../../src/domain/attention-items.ts';
import type { Merchant } from '../../src/domain/authorization-state.ts';
import type {
  AccountState,
  AttentionItem,
  AuthorizationState,
  Books,
  BooksChange,
  CardState,
  MoneySighting,
  OwnedEntry,
  SeenOutcome,
  SeenRow,
  SpendingDelta,
  TransactionState,
} from '../../src/domain/books.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../src/domain/confirmation.ts';
import type {
  AccountId,
  AuthorizationId,
  CardId,
  StripeCardId,
  TenantId,
  TransactionId,
} from '../../src/domain/ids.ts';
import type { LedgerKind } from '../../src/domain/ledger.ts';
import { add, minorUnits, ZERO } from '../../src/domain/money.ts';
import { surplusOf } from '../../src/domain/surplus.ts';

export interface MemoryDecision {
  readonly authorizationId: AuthorizationId;
  readonly stripeCardId: StripeCardId;
  readonly merchant: Merchant;
  readonly decision: RecordedDecision;
}

/** A command of the API about one account. */
export interface MemoryCommand {
  readonly kind: 'credit' | 'debit' | 'correction';
  readonly externalRef: string;
  /** The reference of the command that it takes back. */
  readonly corrects: string | null;
  /** What it changes on the account: above zero for money that comes in. */
  readonly changeMinor: number;
}

const CUSTOMER_KINDS: ReadonlySet<LedgerKind> = new Set(['available', 'held']);

export class MemoryBooks {
  readonly cards = new Map<StripeCardId, CardState>();
  readonly accounts = new Map<AccountId, AccountState>();
  readonly authorizations = new Map<AuthorizationId, AuthorizationState>();
  readonly transactions = new Map<TransactionId, TransactionState>();
  readonly decisions = new Map<string, MemoryDecision>();
  readonly confirmed = new Set<string>();
  /** By reference. */
  readonly commands = new Map<string, MemoryCommand>();
  readonly items = new Map<string, AttentionItem>();
  readonly spending = new Map<CardId, SpendingDelta>();
  /** Rows that the database itself puts into the inbox. */
  queued: SeenRow[] = [];
  /** Rows that wait until their card is known. */
  parked: SeenRow[] = [];
  readonly #sums = new Map<string, number>();
  readonly #holds = new Map<AuthorizationId, number>();
  readonly #nowS: number;
  #nextKey = 0;

  constructor(nowS: number) {
    this.#nowS = nowS;
  }

  /** An account with money on it. */
  open(account: AccountState): void {
    this.accounts.set(account.accountId, account);
    this.#move(account.accountId, 'available', account.availableMinor);
    this.#move(null, 'funding', -account.availableMinor);
  }

  /** A card that becomes known; what waited for it is to be moved at a later step. */
  recordCard(card: CardState): void {
    if (this.cards.has(card.stripeCardId)) return;
    this.cards.set(card.stripeCardId, card);
    const { tenantId, stripeCardId } = card;
    this.queued.push(this.row(tenantId, { kind: 'card_recorded', stripeCardId }));
  }

  row(tenantId: TenantId, sighting: MoneySighting): SeenRow {
    this.#nextKey += 1;
    return { key: this.#nextKey, tenantId, sighting };
  }

  balance(accountId: AccountId | null, kind: LedgerKind): number {
    return this.#sums.get(`${accountId ?? 'tenant'}/${kind}`) ?? 0;
  }

  /** All authorizations, with the decisions that the adapter would load with them. */
  authorizationsWithDecisions(): readonly AuthorizationState[] {
    return [...this.authorizations].map(([id, state]) => ({
      ...state,
      record: { ...state.record, decisions: this.#decisionsOf(id) },
    }));
  }

  /** As the function `decide` in SQL: the decision, its hold at once, and a look back where something came before. */
  decide(given: MemoryDecision): void {
    const { decision, authorizationId } = given;
    if (this.decisions.has(decision.requestId)) return;
    this.decisions.set(decision.requestId, given);
    const card = this.cards.get(given.stripeCardId);
    if (decision.approved) {
      if (card === undefined) throw new Error('only a known card is approved');
      this.#hold(given, card);
    }
    const state = this.authorizations.get(authorizationId);
    const isSeen =
      state !== undefined &&
      (state.record.newest.length > 0 || state.capturedMinor > 0 || state.refundedMinor > 0);
    const isNamed = [...this.transactions.values()].some(
      ({ accountId, transaction }) =>
        accountId === null && transaction.authorizationId === authorizationId,
    );
    const tenantId = state?.tenantId ?? card?.tenantId;
    if ((isSeen || isNamed) && tenantId !== undefined) {
      this.queued.push(this.row(tenantId, { kind: 'decision', authorizationId }));
    }
    this.#check();
  }

  /** As a command of the API: booked once under its reference, if the rules allow it. */
  command(accountId: AccountId, command: MemoryCommand): void {
    const { kind, externalRef, corrects, changeMinor } = command;
    if (this.commands.has(externalRef)) return;
    if (corrects !== null && this.commands.get(corrects)?.changeMinor !== -changeMinor)
      throw new Error(`${externalRef} does not take back ${corrects}`);
    const before = this.#account(accountId);
    const amountMinor = minorUnits(Math.abs(changeMinor));
    const heldMinor = minorUnits(this.balance(accountId, 'held'));
    const standing: AccountStanding = { ...before, id: accountId, heldMinor };
    const [from, to] = changeMinor > 0 ? [null, standing] : [standing, null];
    const refusal = movementRefusal({ from, to, amountMinor });
    if (refusal !== null) throw new Error(`${externalRef} is refused: ${refusal.kind}`);
    this.commands.set(externalRef, command);
    const postings = movementPostings({ from, to, amountMinor }).map(({ debit, credit }) => ({
      debit,
      credit,
      amountMinor,
    }));
    const { tenantId, currency } = before;
    const entry = { authorizationId: null, transactionId: null, effectiveS: this.#nowS, postings };
    this.#post({ tenantId, currency, accountId, entry: { kind, ...entry } });
    this.#setAvailable(accountId);
    this.#tell(itemChanges(itemsOfAccount(before), itemsOfAccount(this.#account(accountId))));
    this.#check();
  }

  #account(accountId: AccountId): AccountState {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new Error(`account ${accountId} is not there`);
    return account;
  }

  /** Takes the amount and its surplus, for an authorization that may not be known yet. */
  #hold(given: MemoryDecision, card: CardState): void {
    const { decision, authorizationId } = given;
    const stored = this.authorizations.get(authorizationId);
    const holdMinor = add(
      decision.approvedMinor,
      surplusOf(decision.surplus, decision.approvedMinor),
    );
    const state = stored ?? this.#decided(given, card);
    this.authorizations.set(authorizationId, {
      ...state,
      countedMinor: add(state.countedMinor, decision.approvedMinor),
      merchant: state.merchant ?? given.merchant,
      record: { ...state.record, heldMinor: add(state.record.heldMinor, holdMinor) },
    });
    this.#post({
      tenantId: card.tenantId,
      currency: state.currency,
      accountId: card.accountId,
      entry: {
        kind: 'hold',
        authorizationId,
        transactionId: null,
        effectiveS: this.#nowS,
        postings:
          holdMinor > 0 ? [{ debit: 'available', credit: 'held', amountMinor: holdMinor }] : [],
      },
    });
    this.#setAvailable(card.accountId);
  }

  /** Applies a batch and writes what becomes of the books. */
  apply(rows: readonly SeenRow[]): ReadonlyMap<number, SeenOutcome> {
    const change = applySightings(this.#select(rows), rows, this.#nowS);
    for (const row of rows) {
      const outcome = change.outcomes.get(row.key);
      if (outcome === undefined) throw new Error(`row ${row.key} has no outcome`);
      if (outcome.kind === 'parked') this.parked.push(row);
    }
    this.#write(change);
    this.#check();
    return change.outcomes;
  }

  #decided(given: MemoryDecision, card: CardState): AuthorizationState {
    const { tenantId, accountId, cardId, stripeCardId } = card;
    return {
      record: {
        authorizationId: given.authorizationId,
        newest: [],
        evidence: NO_EVIDENCE,
        heldMinor: ZERO,
        decisions: [],
      },
      tenantId,
      accountId,
      cardId,
      stripeCardId,
      currency: this.#account(accountId).currency,
      status: 'pending',
      capturedMinor: ZERO,
      refundedMinor: ZERO,
      countedMinor: ZERO,
      anchoredS: given.decision.decidedS,
      isPurchase: false,
      awaits: [],
      merchant: given.merchant,
      flags: [],
    };
  }

  /** What the adapter would load for the rows: what they name, what that leads to, and not more. */
  #select(rows: readonly SeenRow[]): Books {
    const named = namedBy(rows);
    const transactions = this.#transactionsOf(named);
    const ids = new Set(named.authorizations);
    for (const { transaction } of transactions.values()) {
      if (transaction.authorizationId !== null) ids.add(transaction.authorizationId);
    }
    for (const [id, { awaits }] of this.authorizations) {
      if (awaits.some((listed) => named.unlinked.includes(listed))) ids.add(id);
    }
    const more = { ...named, cards: [], authorizations: [...ids] };
    for (const [id, state] of this.#transactionsOf(more)) transactions.set(id, state);
    const authorizations = new Map<AuthorizationId, AuthorizationState>();
    const decisions = new Map<AuthorizationId, readonly RecordedDecision[]>();
    const cards = new Map<StripeCardId, CardState>();
    const cardIds = new Set(named.cards);
    for (const id of ids) {
      const state = this.authorizations.get(id);
      if (state === undefined) {
        decisions.set(id, this.#decisionsOf(id));
        continue;
      }
      const record = { ...state.record, decisions: this.#decisionsOf(id) };
      authorizations.set(id, { ...state, record });
      cardIds.add(state.stripeCardId);
    }
    for (const id of cardIds) {
      const card = this.cards.get(id);
      if (card !== undefined) cards.set(id, card);
    }
    return { cards, accounts: this.accounts, authorizations, transactions, decisions };
  }

  #decisionsOf(id: AuthorizationId): readonly RecordedDecision[] {
    return [...this.decisions.values()]
      .filter(({ authorizationId }) => authorizationId === id)
      .map(({ decision }) => decision);
  }

  #transactionsOf({ transactions, authorizations, cards }: Named) {
    const found = new Map<TransactionId, TransactionState>();
    for (const [id, state] of this.transactions) {
      const { authorizationId, stripeCardId } = state.transaction;
      const isWanted =
        transactions.includes(id) ||
        (authorizationId !== null && authorizations.includes(authorizationId)) ||
        (state.accountId === null && cards.includes(stripeCardId));
      if (isWanted) found.set(id, state);
    }
    return found;
  }

  #write(change: BooksChange): void {
    for (const { state, isNew, confirmations } of change.authorizations) {
      const { authorizationId } = state.record;
      if (isNew === this.authorizations.has(authorizationId))
        throw new Error(`${authorizationId} is ${isNew ? 'there already' : 'not there'}`);
      this.authorizations.set(authorizationId, state);
      for (const { requestId, isConfirmed } of confirmations) {
        if (isConfirmed) this.confirmed.add(requestId);
        else this.confirmed.delete(requestId);
      }
    }
    for (const { state, isNew } of change.transactions) {
      const { transactionId } = state.transaction;
      if (isNew === this.transactions.has(transactionId))
        throw new Error(`${transactionId} is ${isNew ? 'there already' : 'not there'}`);
      this.transactions.set(transactionId, state);
    }
    for (const entry of change.entries) this.#post(entry);
    for (const account of change.accounts) this.accounts.set(account.accountId, account);
    this.#tell(change);
    for (const { cardId, delta } of change.spending) {
      const was = this.spending.get(cardId);
      this.spending.set(cardId, {
        purchases: (was?.purchases ?? 0) + delta.purchases,
        captures: (was?.captures ?? 0) + delta.captures,
        capturedMinor: (was?.capturedMinor ?? 0) + delta.capturedMinor,
        refundedMinor: (was?.refundedMinor ?? 0) + delta.refundedMinor,
      });
    }
    const isWoken = ({ sighting }: SeenRow): boolean =>
      sighting.kind === 'authorization' && change.woken.includes(sighting.snapshot.stripeCardId);
    this.queued.push(...this.parked.filter(isWoken));
    this.parked = this.parked.filter((row) => !isWoken(row));
  }

  #tell({ opened, closed }: Pick<BooksChange, 'opened' | 'closed'>): void {
    for (const item of opened) this.items.set(`${item.kind} ${item.subject}`, item);
    for (const { kind, subject } of closed) this.items.delete(`${kind} ${subject}`);
  }

  #post({ accountId, entry }: OwnedEntry): void {
    for (const { debit, credit, amountMinor } of entry.postings) {
      if (amountMinor <= 0) throw new Error('a posting moves an amount');
      for (const [kind, amount] of [
        [debit, -amountMinor],
        [credit, amountMinor],
      ] as const) {
        const isCustomers = CUSTOMER_KINDS.has(kind);
        if (isCustomers && accountId === null) throw new Error(`nobody’s ${kind} is touched`);
        this.#move(isCustomers ? accountId : null, kind, amount);
        if (kind === 'held') this.#moveHold(entry.authorizationId, amount);
      }
    }
  }

  #move(accountId: AccountId | null, kind: LedgerKind, amount: number): void {
    const key = `${accountId ?? 'tenant'}/${kind}`;
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + amount);
  }

  #moveHold(authorizationId: AuthorizationId | null, amount: number): void {
    if (authorizationId === null) throw new Error('a hold is that of an authorization');
    const sum = (this.#holds.get(authorizationId) ?? 0) + amount;
    if (sum < 0) throw new Error(`${authorizationId} holds ${sum}`);
    this.#holds.set(authorizationId, sum);
  }

  #setAvailable(accountId: AccountId): void {
    const availableMinor = minorUnits(this.balance(accountId, 'available'));
    this.accounts.set(accountId, { ...this.#account(accountId), availableMinor });
  }

  /** Balances are the sums of postings, holds those of their authorizations, and all together is zero. */
  #check(): void {
    let total = 0;
    for (const sum of this.#sums.values()) total += sum;
    if (total !== 0) throw new Error(`the books are out of balance by ${total}`);
    for (const { accountId, availableMinor } of this.accounts.values()) {
      const available = this.balance(accountId, 'available');
      if (availableMinor !== available)
        throw new Error(`available is said to be ${availableMinor}, postings say ${available}`);
      const holds = [...this.authorizations.values()]
        .filter((state) => state.accountId === accountId)
        .reduce((sum, state) => sum + state.record.heldMinor, 0);
      if (holds !== this.balance(accountId, 'held'))
        throw new Error(`holds of ${accountId} are not what is held`);
    }
    for (const [id, { record }] of this.authorizations) {
      const held = this.#holds.get(id) ?? 0;
      if (record.heldMinor !== held)
        throw new Error(`${id} is said to hold ${record.heldMinor}, postings say ${held}`);
    }
  }
}
