/** Tells a recorded script to books in memory, in some order, and looks after every step. */
import type { AccountState, CardState, SeenRow } from '../../src/domain/books.ts';
import type { CapturedAmountReading } from '../../src/domain/hold.ts';
import {
  type AuthorizationId,
  parseAccountId,
  parseCardId,
  parseTenantId,
  type StripeCardId,
} from '../../src/domain/ids.ts';
import { minorUnits, parseCurrency, ZERO } from '../../src/domain/money.ts';
import { MemoryBooks, type MemoryCommand } from '../support/memory-books.ts';
import { countersOf, type Ledger } from './ending.ts';
import { Oracle, type Received } from './oracle.ts';
import type { Order } from './order.ts';
import { Random } from './random.ts';
import type { Decided } from './real-time.ts';
import { commandStep, type Look, type Recorded } from './recorded.ts';

export const TENANT = parseTenantId('ten_orders');
export const ACCOUNT = parseAccountId('acc_orders');
/** Looks under way end at once, some steps later, or never. */
const SLOW_CUTS_MAX = 4;

export interface Told {
  readonly books: MemoryBooks;
  /** What may be available at the end, by the oracle. */
  readonly justifiedMinor: number;
  /** How often something was tied after a batch. */
  readonly ties: number;
}

/** Tells the script in this order; throws at the first step that is wrong. */
export function tell(
  recorded: Recorded,
  order: Order,
  reading: CapturedAmountReading,
  oracle: Oracle = new Oracle(recorded),
): Told {
  const telling = new Telling(recorded, reading, oracle, new Random(order.seed));
  for (const [at, index] of order.moves.entries()) {
    telling.take(index);
    if (order.cuts[at] === true) telling.apply();
  }
  telling.end();
  const { books, ties, justifiedMinor } = telling;
  return { books, ties, justifiedMinor };
}

class Telling {
  readonly books: MemoryBooks;
  ties = 0;
  readonly #recorded: Recorded;
  readonly #reading: CapturedAmountReading;
  readonly #oracle: Oracle;
  readonly #random: Random;
  readonly #steps = new Set<number>();
  readonly #parked = new Set<number>();
  readonly #looks = new Set<Look>();
  readonly #cards = new Set<StripeCardId>();
  /** Rows that have arrived, with the step or look that each came from. */
  #arrived: SeenRow[] = [];
  readonly #origins = new Map<number, number | Look>();
  /** Looks under way, and after how many batches they end. */
  #underWay: { readonly look: Look; cuts: number }[] = [];

  constructor(recorded: Recorded, reading: CapturedAmountReading, oracle: Oracle, random: Random) {
    this.#recorded = recorded;
    this.#reading = reading;
    this.#oracle = oracle;
    this.#random = random;
    this.books = new MemoryBooks(recorded.endS);
    this.books.open(accountOf(recorded));
    const later = recorded.steps.flatMap((s) => (s.kind === 'card' ? [s.stripeCardId] : []));
    for (const id of recorded.stripeCardIds) {
      if (later.includes(id)) continue;
      const card = this.#card(id);
      this.books.cards.set(id, card);
      this.#cards.add(id);
    }
  }

  /** A step happens: a decision is committed, an event arrives. */
  take(index: number): void {
    const step = this.#recorded.steps[index];
    if (step === undefined) throw new Error(`there is no step ${index}`);
    switch (step.kind) {
      case 'decision':
        this.#recordCardOf(step.decided);
        this.books.decide(step.decided);
        this.#steps.add(index);
        this.#look();
        break;
      case 'command':
        this.#bookCorrected(step.command);
        this.books.command(ACCOUNT, step.command);
        this.#steps.add(index);
        this.#look();
        break;
      case 'card':
        this.books.recordCard(this.#card(step.stripeCardId));
        break;
      case 'event': {
        const row = this.books.row(TENANT, step.sighting);
        this.#origins.set(row.key, index);
        this.#arrived.push(row);
        break;
      }
    }
  }

  /** We approve for cards only that we know: this much of the order is given. */
  #recordCardOf({ stripeCardId, decision }: Decided): void {
    if (decision.approved) this.books.recordCard(this.#card(stripeCardId));
  }

  /** A correction names an entry that is booked: this much of the order is given. */
  #bookCorrected({ corrects }: MemoryCommand): void {
    if (corrects !== null) this.take(commandStep(this.#recorded, corrects));
  }

  /** Applies what has arrived, and by chance what the database put into the inbox itself. */
  apply(): void {
    const queued = this.books.queued.filter(() => this.#random.chance(0.5));
    this.books.queued = this.books.queued.filter((row) => !queued.includes(row));
    this.#applyRows([...this.#arrived, ...queued, ...this.#endedLooks()]);
    this.#arrived = [];
  }

  /** Applies all that is left; what is still tied then is looked at. */
  end(): void {
    while (this.#arrived.length + this.books.queued.length + this.#underWay.length > 0) {
      const { queued } = this.books;
      this.books.queued = [];
      this.#applyRows([...this.#arrived.splice(0), ...queued, ...this.#endedLooks()]);
    }
    const last = this.#tied().map((id) => {
      const look = this.#recorded.looks.findLast((l) => l.authorizationId === id);
      if (look === undefined) throw new Error(`${id} is tied, and nobody looked at it`);
      return this.#rowOf(look);
    });
    if (last.length > 0) this.#applyRows(last);
    const tied = this.#tied();
    if (tied.length > 0) throw new Error(`${tied.join()} is tied for good`);
    if (this.books.parked.length > 0) throw new Error('rows wait for a card that is known');
  }

  #applyRows(rows: readonly SeenRow[]): void {
    if (rows.length === 0) return;
    const outcomes = this.books.apply(this.#random.shuffled(rows));
    for (const row of rows) {
      const outcome = outcomes.get(row.key)?.kind;
      for (const id of cardsOf(row)) if (this.books.cards.has(id)) this.#cards.add(id);
      const origin = this.#origins.get(row.key);
      if (origin === undefined) continue;
      if (typeof origin !== 'number') this.#looks.add(origin);
      else if (outcome === 'parked') this.#parked.add(origin);
      else this.#steps.add(origin);
    }
    this.#look();
    this.#lookAtTies();
  }

  get justifiedMinor(): number {
    const received: Received = {
      steps: this.#steps,
      parked: this.#parked,
      looks: this.#looks,
      cards: this.#cards,
    };
    return this.#oracle.justifiedMinor(received);
  }

  #look(): void {
    const available = this.books.balance(ACCOUNT, 'available');
    const justified = this.justifiedMinor;
    if (available > justified)
      throw new Error(`${available} is available, but only ${justified} is justified`);
  }

  #tied(): readonly AuthorizationId[] {
    return [...this.books.authorizations.values()]
      .filter((state) => state.flags.includes('tied'))
      .map((state) => state.record.authorizationId);
  }

  /** Begins looks at what is tied, as of a moment after everything that has arrived so far. */
  #lookAtTies(): void {
    const tied = this.#tied();
    if (tied.length === 0) return;
    this.ties += 1;
    if (this.#recorded.script.mayTie !== true)
      throw new Error(`${tied.join()} is tied, though nothing contradicts it`);
    const newest = Math.max(...this.#steps);
    for (const id of tied) {
      const tiedS = this.books.authorizations.get(id)?.record.newest[0]?.rank.atS ?? 0;
      const look = this.#random.pick(looksAt(this.#recorded, id, { tiedS, newest }));
      // One in three fails, and is not repeated before something else happens.
      if (look === undefined || this.#random.chance(1 / 3)) continue;
      this.#underWay.push({ look, cuts: this.#random.below(SLOW_CUTS_MAX) });
    }
  }

  #endedLooks(): readonly SeenRow[] {
    for (const each of this.#underWay) each.cuts -= 1;
    const ended = this.#underWay.filter(({ cuts }) => cuts < 0);
    this.#underWay = this.#underWay.filter(({ cuts }) => cuts >= 0);
    return ended.map(({ look }) => this.#rowOf(look));
  }

  #rowOf(look: Look): SeenRow {
    const row = this.books.row(TENANT, look.sighting);
    this.#origins.set(row.key, look);
    return row;
  }

  #card(stripeCardId: StripeCardId): CardState {
    const { stripeCardIds, script } = this.#recorded;
    const isFirst =
      stripeCardIds.indexOf(stripeCardId) === 0 || script.replacementIsAnother !== true;
    return {
      stripeCardId,
      tenantId: TENANT,
      cardId: parseCardId(isFirst ? 'card_first' : 'card_second'),
      accountId: ACCOUNT,
      phase: 'active',
      usage: 'unused',
      reading: this.#reading,
    };
  }
}

/** Looks begun once the second of the tie is over, when all that was received so far had happened. */
export const looksAt = (
  { looks }: Recorded,
  id: AuthorizationId,
  { tiedS, newest }: { readonly tiedS: number; readonly newest: number },
): readonly Look[] =>
  looks.filter((l) => l.authorizationId === id && l.position > newest && l.atS > tiedS);

function accountOf({ currency, fundsMinor, script }: Recorded): AccountState {
  const known = parseCurrency(currency);
  if (known === undefined) throw new Error(`${currency} is no currency`);
  return {
    accountId: ACCOUNT,
    tenantId: TENANT,
    currency: known,
    availableMinor: minorUnits(fundsMinor),
    creditLimitMinor: ZERO,
    status: script.accountStatus ?? 'open',
  };
}

function cardsOf({ sighting }: SeenRow): readonly StripeCardId[] {
  switch (sighting.kind) {
    case 'authorization':
      return [sighting.snapshot.stripeCardId];
    case 'transaction':
      return [sighting.transaction.stripeCardId];
    case 'card_recorded':
      return [sighting.stripeCardId];
    case 'decision':
      return [];
  }
}

/** What is in the books, for the ending. */
export const ledgerOf = (books: MemoryBooks): Ledger => ({
  availableMinor: books.balance(ACCOUNT, 'available'),
  heldMinor: books.balance(ACCOUNT, 'held'),
  fundingMinor: books.balance(null, 'funding'),
  settlementMinor: books.balance(null, 'network_settlement'),
  suspenseMinor: books.balance(null, 'suspense'),
  authorizations: books.authorizationsWithDecisions(),
  transactions: [...books.transactions.values()],
  confirmed: books.confirmed,
  commands: [...books.commands.values()],
  items: [...books.items.values()],
  spending: [...books.spending],
  counters: countersOf(books.authorizationsWithDecisions()),
});
