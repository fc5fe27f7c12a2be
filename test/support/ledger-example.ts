/**
 * The books of one worked example of docs/ledger.md, in memory: one account, one card, one purchase. Clearing records
 * and views go through `applySightings`; a decision takes its hold as the decision function in SQL does.
 */
import {
  type AccountStanding,
  movementPostings,
  movementRefusal,
} from '../../src/domain/account-rules.ts';
import { applySightings } from '../../src/domain/apply-sightings.ts';
import { itemChanges, itemsOfAccount } from '../../src/domain/attention-items.ts';
import type {
  AuthorizationStatus,
  HistoryEntry,
  ListedCapture,
  ObservedTransaction,
} from '../../src/domain/authorization-state.ts';
import type * as Stored from '../../src/domain/books.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../src/domain/confirmation.ts';
import * as ids from '../../src/domain/ids.ts';
import { type Currency, minorUnits, ZERO } from '../../src/domain/money.ts';
import { type SurplusRule, surplusOf } from '../../src/domain/surplus.ts';
import { sampleRequest } from './sample-request.ts';

const STEP_S = 60;
const START_S = 1_800_000_000;
export const PURCHASE = ids.parseAuthorizationId('iauth_example');
export const CARD: Stored.CardState = {
  stripeCardId: ids.parseStripeCardId('ic_example'),
  tenantId: ids.parseTenantId('ten_example'),
  cardId: ids.parseCardId('card_example'),
  accountId: ids.parseAccountId('acc_example'),
  phase: 'active',
  usage: 'spending',
  reading: 'unknown',
};
const OTHER_ACCOUNT = ids.parseAccountId('acc_other');
const OTHERS = 'other available';
const { merchant } = sampleRequest();
const NO_FEES = { atmFeeMinor: ZERO, cashbackMinor: ZERO };
const parts = { merchantAmountMinor: null, merchantCurrency: null, ...NO_FEES };

/** Where the money of a command comes from, and goes to. */
type Place = 'bank' | 'account' | 'other account';
/** A posting as the page writes it; what belongs to the other account has that in its name. */
export type Line = readonly [debit: string, credit: string, amountMinor: number];
interface Entry {
  readonly kind: string;
  readonly currency: Currency;
  readonly effectiveS: number;
  readonly lines: readonly Line[];
}

export class ExampleBooks {
  readonly currency: Currency;
  isCardKnown: boolean;
  nowS = START_S;
  /** Entries of the present step. */
  entries: Entry[] = [];
  /** What was seen, the newest last, and what of it waits for the card. */
  readonly seen: Stored.MoneySighting[] = [];
  parked: Stored.MoneySighting[] = [];
  readonly sums = new Map<string, number>();
  readonly items = new Set<string>();
  readonly transactions = new Map<ids.TransactionId, Stored.TransactionState>();
  purchase: Stored.AuthorizationState | undefined;
  #account: Stored.AccountState;
  readonly #decisions: RecordedDecision[] = [];
  /** What Stripe knows of the purchase: answers, keys of requests, clearing records; and when it was shown last. */
  #history: HistoryEntry[] = [];
  readonly #keys: string[] = [];
  readonly #cleared: ObservedTransaction[] = [];
  #shownS = START_S;

  constructor(currency: Currency, creditLimitMinor: number, isCardKnown: boolean) {
    this.currency = currency;
    this.isCardKnown = isCardKnown;
    const availableMinor = ZERO;
    const terms = { creditLimitMinor: minorUnits(creditLimitMinor), status: 'open' } as const;
    this.#account = {
      ...terms,
      availableMinor,
      accountId: CARD.accountId,
      tenantId: CARD.tenantId,
      currency,
    };
  }

  beginStep(laterS: number): void {
    this.nowS += STEP_S + laterS;
    this.entries = [];
  }

  /** What the API commands, by the rules of the domain; the bank is the end that is no account. */
  command(kind: string, from: Place, to: Place, amount: number): void {
    const movement = {
      from: this.#standing(from),
      to: this.#standing(to),
      amountMinor: minorUnits(amount),
    };
    if (movementRefusal(movement) !== null) throw new Error('the command is refused');
    const lines = movementPostings(movement).map(({ accountId, debit, credit }): Line => {
      const isOthers = accountId === OTHER_ACCOUNT;
      const nameOf = (side: string) => (isOthers && side === 'available' ? OTHERS : side);
      return [nameOf(debit), nameOf(credit), amount];
    });
    this.#book(kind, ...lines);
  }

  #standing(place: Place): AccountStanding | null {
    if (place === 'bank') return null;
    const id = place === 'account' ? CARD.accountId : OTHER_ACCOUNT;
    return { ...this.#account, id, status: 'open', heldMinor: ZERO };
  }

  /** The item of an overdrawn account follows from the balance. */
  #book(kind: string, ...lines: readonly Line[]): void {
    this.#post({ kind, currency: this.currency, effectiveS: this.nowS, lines });
    const availableMinor = minorUnits(this.sums.get('available') ?? 0);
    const account = { ...this.#account, availableMinor };
    this.#changeItems(itemChanges(itemsOfAccount(this.#account), itemsOfAccount(account)));
    this.#account = account;
  }

  /** `late`: a view has shown the request answered before us. `never`: our answer does not reach Stripe. */
  decide(
    asked: number,
    given: number | null,
    options: { readonly surplus?: SurplusRule; readonly reached?: 'late' | 'never' } = {},
  ): void {
    const { surplus = { kind: 'none' }, reached } = options;
    const requestId = `evt_${this.#decisions.length}`;
    const approved = given !== null;
    const [askedMinor, approvedMinor] = [minorUnits(asked), minorUnits(given ?? 0)];
    const answeredS = reached === 'late' ? this.#history.at(-1)?.createdS : undefined;
    const times = { requestedS: answeredS ?? this.nowS, decidedS: this.nowS };
    this.#decisions.push({ requestId, approved, askedMinor, approvedMinor, surplus, ...times });
    if (reached === undefined) {
      this.#history.push(this.#answer(approved ? approvedMinor : askedMinor, approved));
      this.#keys.push(requestId);
    }
    if (!approved) return;
    const heldMinor = approvedMinor + surplusOf(surplus, approvedMinor);
    const { availableMinor, creditLimitMinor } = this.#account;
    if (heldMinor > availableMinor + creditLimitMinor) throw new Error('no decision overdraws');
    const state = this.purchase ?? this.#decided();
    this.purchase = {
      ...state,
      countedMinor: minorUnits(state.countedMinor + approvedMinor),
      record: { ...state.record, heldMinor: minorUnits(state.record.heldMinor + heldMinor) },
    };
    if (heldMinor > 0) this.#book('hold', ['available', 'held', heldMinor]);
  }

  #answer(amount: number, approved: boolean): HistoryEntry {
    return { amountMinor: minorUnits(amount), approved, reason: '', createdS: this.nowS };
  }

  #decided(): Stored.AuthorizationState {
    const record = { authorizationId: PURCHASE, newest: [], evidence: NO_EVIDENCE, decisions: [] };
    return {
      ...CARD,
      record: { ...record, heldMinor: ZERO },
      currency: this.currency,
      status: 'pending',
      capturedMinor: ZERO,
      refundedMinor: ZERO,
      countedMinor: ZERO,
      anchoredS: this.nowS,
      isPurchase: false,
      awaits: [],
      merchant,
      flags: [],
    };
  }

  /**
   * A view that lists what was cleared so far, and a record that comes with it, whole or by its id. `older`: as of before
   * the first step. `again`: of the second of the view before it. `fetched`: what Stripe answers when it is asked.
   */
  show(
    status: AuthorizationStatus | 'declined',
    amount: number,
    options: {
      readonly as?: 'older' | 'again' | 'fetched';
      readonly listed?: ObservedTransaction;
      readonly listedById?: ids.TransactionId;
    } = {},
  ): void {
    const { as, listed, listedById } = options;
    const approved = status !== 'declined';
    const answered = this.#history;
    // Where nobody asked us the network has answered; another outcome takes the place of our answer.
    if (answered.length === 0) this.#history = [this.#answer(amount, approved)];
    else if (!approved || answered.every((answer) => !answer.approved))
      this.#history = answered.map((answer) => ({ ...answer, approved }));
    if (listed !== undefined) this.#cleared.push(listed);
    if (as !== 'again') this.#shownS = as === 'older' ? START_S : this.nowS;
    const count = as === 'older' ? 1 : undefined;
    const transactions = as === 'older' ? [] : [...this.#cleared];
    const captures: ListedCapture[] = transactions
      .filter(({ type }) => type === 'capture')
      .map(({ transactionId, amountMinor }) => ({ transactionId, amountMinor }));
    if (listedById !== undefined) captures.push({ transactionId: listedById, amountMinor: null });
    const snapshot = {
      authorizationId: PURCHASE,
      stripeCardId: CARD.stripeCardId,
      rank: { source: as === 'fetched' ? 'fetched' : 'event', atS: this.#shownS },
      status: approved ? status : 'closed',
      approved,
      amountMinor: minorUnits(amount),
      currency: this.currency,
      createdS: START_S,
      history: this.#history.slice(0, count),
      metadataKeys: this.#keys.slice(0, count),
      merchant,
      captures,
      previous: {},
    } as const;
    this.see({ kind: 'authorization', snapshot, transactions });
  }

  record(
    type: 'capture' | 'refund',
    amount: number,
    over: Partial<ObservedTransaction> = {},
  ): ObservedTransaction {
    return {
      transactionId: ids.parseTransactionId(`ipi_${this.nowS}`),
      type,
      authorizationId: PURCHASE,
      stripeCardId: CARD.stripeCardId,
      amountMinor: minorUnits(amount),
      currency: this.currency,
      createdS: this.nowS,
      merchant,
      parts,
      ...over,
    };
  }

  /** A clearing record that comes by its own event. */
  clear(transaction: ObservedTransaction): void {
    if (transaction.authorizationId !== null) this.#cleared.push(transaction);
    this.see({ kind: 'transaction', transaction });
  }

  see(...sightings: readonly Stored.MoneySighting[]): void {
    this.seen.push(...sightings);
    const { purchase: state, transactions } = this;
    const record = state && { ...state.record, decisions: this.#decisions };
    const change = applySightings(
      {
        cards: new Map(this.isCardKnown ? [[CARD.stripeCardId, CARD]] : []),
        accounts: new Map([[CARD.accountId, this.#account]]),
        authorizations: new Map(state && record ? [[PURCHASE, { ...state, record }]] : []),
        transactions,
        decisions: new Map([[PURCHASE, this.#decisions]]),
      },
      sightings.map((sighting, key) => ({ key, tenantId: CARD.tenantId, sighting })),
      this.nowS,
    );
    for (const { currency, entry } of change.entries) {
      const lines = entry.postings.map((p): Line => [p.debit, p.credit, p.amountMinor]);
      this.#post({ kind: entry.kind, effectiveS: entry.effectiveS, currency, lines });
    }
    for (const account of change.accounts) this.#account = account;
    for (const changed of change.authorizations) this.purchase = changed.state;
    for (const changed of change.transactions) {
      transactions.set(changed.state.transaction.transactionId, changed.state);
    }
    this.#changeItems(change);
    const isParked = (key: number) => change.outcomes.get(key)?.kind === 'parked';
    this.parked.push(...sightings.filter((_, key) => isParked(key)));
  }

  #changeItems({ opened, closed }: Pick<Stored.BooksChange, 'opened' | 'closed'>): void {
    for (const { kind } of closed) this.items.delete(kind);
    for (const { kind } of opened) this.items.add(kind);
  }

  #post(entry: Entry): void {
    this.entries.push(entry);
    const suffix = entry.currency === this.currency ? '' : ` ${entry.currency.toUpperCase()}`;
    const add = (name: string, amountMinor: number) =>
      this.sums.set(`${name}${suffix}`, (this.sums.get(`${name}${suffix}`) ?? 0) + amountMinor);
    for (const [debit, credit, amountMinor] of entry.lines) {
      add(debit, -amountMinor);
      add(credit, amountMinor);
    }
  }
}
