/** One telling of a script in Postgres: ids of its own, and what it has brought so far. */
import type { Json } from '../../src/adapters/stripe/wire.ts';
import {
  parseAccountId,
  parseCardId,
  parseTenantId,
  type StripeCardId,
} from '../../src/domain/ids.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import { Oracle } from './oracle.ts';
import { describeOrder, type Order } from './order.ts';
import { Random } from './random.ts';
import type { Decided } from './real-time.ts';
import { commandStep, type Look, type Recorded } from './recorded.ts';

const STRIPE_ID = /\b(?:iauth|ipi|ic|ich|evt)_[A-Za-z0-9]+/g;

export class PostgresTelling {
  readonly recorded: Recorded;
  readonly order: Order;
  readonly random: Random;
  readonly oracle: Oracle;
  readonly tenantId;
  readonly accountId;
  readonly stripeAccount: string;
  /** Indexes of steps, batch by batch. */
  readonly batches: readonly (readonly number[])[];
  readonly steps = new Set<number>();
  readonly looks = new Set<Look>();
  /** Entries that commands have booked, by reference. */
  readonly entries = new Map<string, string>();
  /** Cards that are known here. */
  readonly cards = new Set<StripeCardId>();
  /** Looks under way, and after how many batches they end. */
  underWay: { readonly look: Look; batches: number }[] = [];
  readonly #number: number;
  #copies = 0;

  constructor(recorded: Recorded, order: Order, number: number) {
    this.recorded = recorded;
    this.order = order;
    this.random = new Random(order.seed);
    this.oracle = new Oracle(recorded);
    this.#number = number;
    this.tenantId = parseTenantId(`ten_orders${number}`);
    this.accountId = parseAccountId(`acc_orders${number}`);
    this.stripeAccount = `acct_orders${number}`;
    this.batches = batchesOf(order);
    const later = recorded.steps.flatMap((s) => (s.kind === 'card' ? [s.stripeCardId] : []));
    for (const id of recorded.stripeCardIds) if (!later.includes(id)) this.cards.add(id);
  }

  get title(): string {
    return `${this.recorded.name}, in the order ${describeOrder(this.recorded, this.order)}`;
  }

  /** With ids that no other telling has. */
  own<T>(value: T): T {
    const text = JSON.stringify(value).replaceAll(STRIPE_ID, (id) => `${id}_t${this.#number}`);
    return JSON.parse(text) as T;
  }

  /** The event; told once more it is another event about the same change, or it would be known by its id. */
  event(index: number): Json | undefined {
    const step = this.recorded.steps[index];
    if (step?.kind !== 'event') return undefined;
    const event = this.own(step.event);
    if (!this.steps.has(index)) return event;
    this.#copies += 1;
    return { ...event, id: `${String(event['id'])}_again${this.#copies}` };
  }

  cardId(stripeCardId: StripeCardId) {
    const { stripeCardIds, script } = this.recorded;
    const isAnother =
      stripeCardIds.indexOf(stripeCardId) > 0 && script.replacementIsAnother === true;
    return parseCardId(`card_${isAnother ? 'second' : 'first'}${this.#number}`);
  }

  get cardIds() {
    return [...new Set(this.recorded.stripeCardIds.map((id) => this.cardId(id)))];
  }

  /** How often this card of ours was issued before. */
  attempt(stripeCardId: StripeCardId): number {
    const { stripeCardIds } = this.recorded;
    const before = stripeCardIds.slice(0, stripeCardIds.indexOf(stripeCardId) + 1);
    return before.filter((id) => this.cardId(id) === this.cardId(stripeCardId)).length;
  }

  /** Decisions of a batch that are not committed yet, and cards that become known in it. */
  decided(index: number): Decided | undefined {
    const step = this.recorded.steps[index];
    return step?.kind === 'decision' && !this.steps.has(index) ? step.decided : undefined;
  }

  /** Commands of a batch; a correction names an entry that is booked, so what it corrects comes first. */
  commands(batch: readonly number[]): readonly { index: number; command: MemoryCommand }[] {
    return batch.flatMap((index) => {
      const step = this.recorded.steps[index];
      if (step?.kind !== 'command') return [];
      const { command } = step;
      const { corrects } = command;
      const before = corrects === null ? [] : this.commands([commandStep(this.recorded, corrects)]);
      return [...before, { index, command }];
    });
  }

  /** What may be available now; `parked` are the events that wait for their card. */
  justifiedMinor(parked: ReadonlySet<number>): number {
    const steps = new Set([...this.steps].filter((index) => !parked.has(index)));
    return this.oracle.justifiedMinor({ steps, parked, looks: this.looks, cards: this.cards });
  }
}

function batchesOf({ moves, cuts }: Order): readonly (readonly number[])[] {
  const batches: number[][] = [[]];
  for (const [at, index] of moves.entries()) {
    batches.at(-1)?.push(index);
    if (cuts[at] === true) batches.push([]);
  }
  return batches.filter((batch) => batch.length > 0);
}

/** The same text for all tellings: ids as they were recorded, and those of memory for our own. */
export const withoutNumbers = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/_t\d+\b/g, '')
      .replaceAll(/\b((?:ten|acc)_orders|card_(?:first|second))\d+/g, '$1'),
  ) as T;
