/**
 * Delivers events to webhook endpoints: each endpoint has a queue of its own with bounded concurrency, and what was
 * not answered with 2xx is sent again, later and later, by the simulator's clock. A receiver that was down gets its
 * events once it is back.
 */
import { AttemptWatch } from './attempt-watch.ts';
import { Audit } from './audit.ts';
import type { Address, DeliveryContext } from './delivery-context.ts';
import type { Delivery, HeldDelivery, Parcel } from './delivery-queue.ts';
import { EndpointSender } from './endpoint-sender.ts';
import { DeliveryFaults } from './faults.ts';
import { type LostDelivery, Undelivered } from './undelivered.ts';

/** A second copy leaves this much later, in real time: usually after the first was answered. */
const DUPLICATE_DELAY_MS = 250;

/** What a state file keeps. */
export interface SavedDeliveries {
  readonly pending: readonly HeldDelivery[];
  readonly lost: readonly LostDelivery[];
  readonly lastSuccesses: Readonly<Record<string, number>>;
}

const toSaved = ({ order: _o, together: _t, reordered: _r, ...kept }: Parcel): Delivery => kept;

type Traits = Partial<Omit<Parcel, keyof Address | 'order'>>;

export class Deliverer {
  readonly audit = new Audit();
  readonly faults: DeliveryFaults;
  #undelivered = new Undelivered();
  readonly #context: DeliveryContext;
  readonly #senders = new Map<string, EndpointSender>();
  readonly #watch = new AttemptWatch();

  constructor(context: DeliveryContext) {
    this.#context = context;
    this.faults = new DeliveryFaults(context.random);
  }

  get undelivered(): Undelivered {
    return this.#undelivered;
  }

  /** Queues an event for an endpoint. `request` is the id of the API call behind it, if there is one. */
  enqueue(to: Address, request: string | null): void {
    const fault = this.faults.disturb(to.endpoint, to.type);
    if (fault.dropped) {
      this.audit.count(to.endpoint, to.type, 'dropped');
      this.undelivered.lost(to);
      return;
    }
    const sender = this.#sender(to.endpoint);
    // The one after a held one has to go, or both would wait for each other.
    const reordered = fault.reorderMs > 0 && !sender.holdsReordered;
    const parcels = [this.#parcel(to, { reordered })];
    if (fault.beforeAnswerMs > 0 && request !== null) {
      this.#watch.bind(request, parcels, fault.beforeAnswerMs);
    }
    if (fault.twiceAtOnce) parcels.push(this.#copy(to, { reordered, together: true }));
    const delayMs = fault.delayMs + (reordered ? fault.reorderMs : 0);
    if (delayMs > 0) for (const parcel of parcels) sender.hold(parcel, delayMs);
    else sender.send(parcels);
    if (fault.duplicated) sender.hold(this.#copy(to, {}), fault.delayMs + DUPLICATE_DELAY_MS);
  }

  /** The first attempts that a fault wants before the answer to this request; undefined when there are none. */
  beforeAnswer(request: string): Promise<void> | undefined {
    return this.#watch.waitForRequest(request);
  }

  /** Sends what is due again at an endpoint. */
  sendDue(endpoint: string): void {
    this.#senders.get(endpoint)?.sendDue();
  }

  /** Resolves once everything that is to be sent now has been attempted, at the latest after `limitMs`. */
  attemptedAll(limitMs: number): Promise<void> {
    const active = [...this.#senders.values()].flatMap(({ queue }) => [
      ...queue.sending,
      ...queue.ready(),
    ]);
    return this.#watch.wait(active, limitMs);
  }

  /** Everything not delivered yet, to one endpoint or to all. */
  pending(endpoint?: string): readonly Parcel[] {
    const senders =
      endpoint === undefined ? [...this.#senders.values()] : [this.#senders.get(endpoint)];
    return senders.flatMap((sender) => sender?.queue.pending() ?? []);
  }

  get pendingCount(): number {
    let count = 0;
    for (const { queue } of this.#senders.values()) count += queue.size;
    return count;
  }

  /** Gives up what is queued for an endpoint that is gone or disabled. */
  forget(endpoint: string): void {
    this.#senders.get(endpoint)?.clear();
  }

  save(): SavedDeliveries {
    return {
      pending: [...this.#senders.values()].flatMap(({ queue }) => [
        ...[...queue.sending, ...queue.ready(), ...queue.repeats.all()].map(toSaved),
        ...queue.held.entries().map(([moment, parcel]) => ({
          ...toSaved(parcel),
          heldMs: Math.max(0, moment - Date.now()),
          reordered: parcel.reordered,
        })),
      ]),
      lost: this.undelivered.allLost(),
      lastSuccesses: Object.fromEntries(
        [...this.#senders].map(([endpoint, sender]) => [endpoint, sender.lastSuccessAt]),
      ),
    };
  }

  /** Takes up what an earlier run had not delivered. */
  restore(saved: SavedDeliveries): void {
    for (const delivery of saved.pending) {
      const sender = this.#sender(delivery.endpoint);
      const parcel = this.#parcel(delivery, delivery);
      if (delivery.heldMs !== undefined) sender.hold(parcel, delivery.heldMs);
      else if (parcel.dueAt === null) sender.send([parcel]);
      else sender.repeatAt(parcel, parcel.dueAt);
    }
    for (const lost of saved.lost) this.undelivered.lost(lost);
    for (const [endpoint, at] of Object.entries(saved.lastSuccesses)) {
      this.#sender(endpoint).lastSuccessAt = at;
    }
  }

  /** Forgets everything and takes up this instead. What is being sent at the moment ends unheard. */
  reset(saved: SavedDeliveries): void {
    for (const sender of this.#senders.values()) sender.close();
    this.#senders.clear();
    this.#watch.close();
    // Senders that are still at it keep counting in the old one.
    this.#undelivered = new Undelivered();
    this.restore(saved);
  }

  /** Asks for all reminders once more, after the agenda was emptied. */
  remindAll(): void {
    for (const { queue } of this.#senders.values()) {
      const [parcel] = queue.repeats.all();
      if (parcel === undefined) continue;
      for (const moment of queue.repeats.moments()) this.#context.remind(moment, parcel);
    }
  }

  close(): void {
    for (const sender of this.#senders.values()) sender.close();
    this.#watch.close();
  }

  #sender(endpoint: string): EndpointSender {
    const known = this.#senders.get(endpoint);
    if (known !== undefined) return known;
    const sender = new EndpointSender({
      context: this.#context,
      audit: this.audit,
      undelivered: this.undelivered,
      watch: this.#watch,
    });
    this.#senders.set(endpoint, sender);
    return sender;
  }

  #parcel({ account, endpoint, event, type }: Address, traits: Traits): Parcel {
    this.undelivered.opened(event);
    return {
      account,
      endpoint,
      event,
      type,
      attempts: traits.attempts ?? 0,
      firstSentAt: traits.firstSentAt ?? null,
      dueAt: traits.dueAt ?? null,
      order: this.#sender(endpoint).queue.nextOrder(),
      together: traits.together ?? false,
      reordered: traits.reordered ?? false,
    };
  }

  #copy(to: Address, traits: Traits): Parcel {
    this.audit.count(to.endpoint, to.type, 'duplicated');
    return this.#parcel(to, traits);
  }
}
