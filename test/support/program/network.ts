/** Stripe's side of a random program: its authorizations, and the events that tell of them. */
import type { Json } from '../../../src/adapters/stripe/wire.ts';
import { authorization, event, START_S, transaction } from '../stripe-events.ts';

type Status = 'pending' | 'closed' | 'reversed' | 'expired';
type Event = ReturnType<typeof event>;

/** A clearing record as the books should show it. */
export interface Cleared {
  readonly id: string;
  readonly stripeCardId: string;
  readonly currency: string;
  readonly authorizationId: string | null;
  /** Signed as Stripe does: captures are below zero. */
  readonly amount: number;
}

/** An event on its way, with the clearing records that it shows. */
export interface Outgoing {
  readonly event: Event;
  readonly cleared: readonly Cleared[];
}

export interface Purchase {
  readonly id: string;
  readonly stripeCardId: string;
  readonly currency: string;
  amount: number;
  approved: boolean;
  status: Status;
  readonly history: {
    readonly amount: number;
    readonly approved: boolean;
    readonly created: number;
  }[];
  readonly metadata: Record<string, string>;
  readonly records: Cleared[];
}

/** What a view of a purchase showed before it changed. */
interface Before {
  readonly amount: number;
  readonly approved: boolean;
  readonly status: Status;
  readonly records: number;
}

const SECONDS_BETWEEN_STEPS = 60;

export class Network {
  readonly purchases: Purchase[] = [];
  readonly #name: string;
  #atS = START_S;
  #outgoing: Outgoing[] = [];
  #delivered: Outgoing[] = [];
  #count = 0;

  /** `name` makes the ids of this program its own. */
  constructor(name: string) {
    this.#name = name;
  }

  get atS(): number {
    return this.#atS;
  }

  tick(sameSecond: boolean): void {
    if (!sameSecond) this.#atS += SECONDS_BETWEEN_STEPS;
  }

  newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${this.#name}_${this.#count}`;
  }

  /** Opens a purchase whose request was answered. */
  open(of: Pick<Purchase, 'id' | 'stripeCardId' | 'currency'>): Purchase {
    const purchase: Purchase = {
      ...of,
      amount: 0,
      approved: false,
      status: 'pending',
      history: [],
      metadata: {},
      records: [],
    };
    this.purchases.push(purchase);
    return purchase;
  }

  /** The answer to one request, as Stripe shows it. */
  answer(purchase: Purchase, asked: number, approved: boolean, key: string | null): void {
    const isFirst = purchase.history.length === 0;
    const before = this.#view(purchase);
    purchase.history.push({ amount: asked, approved, created: this.#atS });
    if (key !== null) purchase.metadata[key] = 'answered';
    if (approved) purchase.amount += asked;
    if (isFirst) {
      purchase.approved = approved;
      purchase.status = approved ? 'pending' : 'closed';
    }
    this.#tell(purchase, isFirst ? null : before);
  }

  capture(purchase: Purchase, amount: number, how: { final: boolean; told: string }): void {
    const before = this.#view(purchase);
    const cleared = this.#clear(purchase, -amount);
    if (how.final && purchase.approved) purchase.status = 'closed';
    if (how.told !== 'listed') this.#tellOf(cleared);
    if (how.told !== 'alone') this.#tell(purchase, before);
  }

  refund(purchase: Purchase, amount: number): void {
    this.#tellOf(this.#clear(purchase, amount));
  }

  reverse(purchase: Purchase, share: number): void {
    if (purchase.status !== 'pending') return;
    const before = this.#view(purchase);
    purchase.amount -= Math.min(purchase.amount, Math.ceil((purchase.amount * share) / 100));
    if (purchase.amount === 0) purchase.status = 'reversed';
    this.#tell(purchase, before);
  }

  expire(purchase: Purchase): void {
    if (purchase.status !== 'pending') return;
    const before = this.#view(purchase);
    purchase.status = 'expired';
    this.#tell(purchase, before);
  }

  /** Clears the first capture a second time, and then takes that back. */
  correct(purchase: Purchase): void {
    const first = purchase.records.find((record) => record.amount < 0);
    if (first === undefined) return;
    this.#tellOf(this.#clear(purchase, first.amount));
    this.#tellOf(this.#clear(purchase, -first.amount));
  }

  unlinked(stripeCardId: string, currency: string, amount: number): void {
    const id = this.newId('ipi');
    this.#tellOf({ id, stripeCardId, currency, authorizationId: null, amount });
  }

  /** Takes what waits; `again` adds what was delivered before. */
  take(delivery: string): readonly Outgoing[] {
    if (delivery === 'keep') return [];
    const taken = this.#outgoing;
    this.#outgoing = [];
    const repeated = delivery === 'again' ? this.#delivered : [];
    this.#delivered = [...this.#delivered, ...taken];
    if (delivery === 'backwards') return taken.toReversed();
    // Stripe gives a repeat the same id; a new one tells the same once more.
    return [
      ...taken,
      ...repeated.map(({ event: told, cleared }) => ({
        cleared,
        event: renamed(told, this.newId('evt')),
      })),
    ];
  }

  #clear(purchase: Purchase, amount: number): Cleared {
    const { id: authorizationId, stripeCardId, currency } = purchase;
    const record = { id: this.newId('ipi'), stripeCardId, currency, authorizationId, amount };
    purchase.records.push(record);
    return record;
  }

  #tellOf(record: Cleared): void {
    const object = this.#transaction(record);
    const told = event('issuing_transaction.created', object, { atS: this.#atS });
    this.#outgoing.push({ event: told, cleared: [record] });
  }

  #transaction({ id, stripeCardId: card, currency, authorizationId, amount }: Cleared): Json {
    const object = transaction({ id, card, amount, authorization: authorizationId, currency });
    // Stripe's type follows from the sign; a capture of zero is one all the same.
    return Object.is(amount, -0) ? { ...object, type: 'capture', amount: 0 } : object;
  }

  #view({ amount, approved, status, records }: Purchase): Before {
    return { amount, approved, status, records: records.length };
  }

  #tell(purchase: Purchase, before: Before | null): void {
    const { id, stripeCardId: card, currency, amount, approved, status, history } = purchase;
    const records = [...purchase.records];
    const object = authorization({
      id,
      card,
      currency,
      amount,
      approved,
      status,
      history: [...history],
      metadata: { ...purchase.metadata },
      transactions: records.map((record) => this.#transaction(record)),
    });
    const atS = this.#atS;
    const told =
      before === null
        ? event('issuing_authorization.created', object, { atS })
        : event('issuing_authorization.updated', object, {
            atS,
            previous: {
              ...(before.amount === amount ? {} : { amount: before.amount }),
              ...(before.status === status ? {} : { status: before.status }),
              ...(before.records === records.length
                ? {}
                : {
                    transactions: records
                      .slice(0, before.records)
                      .map((record) => this.#transaction(record)),
                  }),
            },
          });
    this.#outgoing.push({ event: told, cleared: records });
  }
}

const renamed = (told: Event, id: string): Event => ({ ...told, id });
