/** What one endpoint is still to get: ready to go, on its way, held back by a fault, or waiting for its repeat. */
import { WaitingRoom } from './waiting-room.ts';

/** One event on its way to one endpoint, as it is saved. */
export interface Delivery {
  readonly event: string;
  readonly type: string;
  /** The account whose event it is. */
  readonly account: string;
  readonly endpoint: string;
  /** Made so far. */
  readonly attempts: number;
  /** Simulator time in milliseconds since 1970, as `dueAt` is. */
  readonly firstSentAt: number | null;
  /** When the next attempt is due; null means at once. */
  readonly dueAt: number | null;
}

/** A delivery that is saved while a fault holds it back. */
export interface HeldDelivery extends Delivery {
  /** How much longer, in milliseconds of real time. */
  readonly heldMs?: number;
  /** Whether it goes as soon as a later one has been attempted. */
  readonly reordered?: boolean;
}

/** A delivery while it is worked on. */
export interface Parcel extends Delivery {
  attempts: number;
  firstSentAt: number | null;
  dueAt: number | null;
  /** Counts the deliveries of the endpoint. */
  readonly order: number;
  /** Leaves together with the one before it, whatever else is under way. */
  readonly together: boolean;
  /** Waits until a later one has been attempted. */
  readonly reordered: boolean;
}

/** So many entries that have left are kept before the list is made anew. */
const TAKEN_MAX = 1_000;

export class DeliveryQueue {
  readonly sending = new Set<Parcel>();
  /** Waiting for a repeat, by simulator time. */
  readonly repeats = new WaitingRoom<Parcel>();
  /** Held back by a fault, by real time. */
  readonly held = new WaitingRoom<Parcel>();
  #orders = 0;
  /** Up to this order everything was given up. */
  #clearedOrder = 0;
  #ready: Parcel[] = [];
  /** Index of the next entry of `#ready`; moving it is cheaper than shifting a long array. */
  #next = 0;

  nextOrder(): number {
    this.#orders += 1;
    return this.#orders;
  }

  push(parcels: readonly Parcel[]): void {
    for (const parcel of parcels) this.#ready.push(parcel);
  }

  /** The next to be sent while `slots` may be under way. */
  take(slots: number): Parcel | undefined {
    const parcel = this.#ready[this.#next];
    if (parcel === undefined || (this.sending.size >= slots && !parcel.together)) return undefined;
    this.#next += 1;
    if (this.#next === this.#ready.length || this.#next === TAKEN_MAX) {
      this.#ready = this.ready();
      this.#next = 0;
    }
    return parcel;
  }

  ready(): Parcel[] {
    return this.#ready.slice(this.#next);
  }

  pending(): readonly Parcel[] {
    return [...this.sending, ...this.ready(), ...this.held.all(), ...this.repeats.all()];
  }

  /** Empties it of all that is not on its way, and returns that. */
  clear(): readonly Parcel[] {
    const dropped = [...this.ready(), ...this.held.all(), ...this.repeats.all()];
    this.#ready = [];
    this.#next = 0;
    this.#clearedOrder = this.#orders;
    this.held.clear();
    this.repeats.clear();
    return dropped;
  }

  /** Whether it was on its way when the queue was emptied; it is then not tried again. */
  isCleared(parcel: Parcel): boolean {
    return parcel.order <= this.#clearedOrder;
  }

  get size(): number {
    const ready = this.#ready.length - this.#next;
    return this.sending.size + ready + this.held.size + this.repeats.size;
  }
}
