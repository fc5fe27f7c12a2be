/**
 * Delivers events to webhook endpoints: each endpoint has a queue of its own with bounded concurrency, and what was
 * not answered with 2xx is sent again, later and later. A receiver that was down gets its events once it is back.
 */
import type { SimulatorOptions } from '../options.ts';
import type { Poster } from './poster.ts';
import { realSeconds, signatureHeader } from './signature.ts';

/** Requests under way at the same time, to one endpoint. */
const CONCURRENCY_PER_ENDPOINT = 8;
/** Stripe's own timeout is not published; its command-line forwarder waits this long. */
const DELIVERY_TIMEOUT_MS = 30_000;
/** After the listed delays an event is sent once a minute, until it is too old. */
const REPEAT_INTERVAL_MS = 60_000;
/** Stripe gives up after three days. Real time. */
const GIVE_UP_AFTER_MS = 3 * 24 * 3_600_000;
/** Repeats that are due at nearly the same time leave together, instead of with a timer each. */
const TIMER_RESOLUTION_MS = 20;

/** One event on its way to one endpoint. */
export interface Delivery {
  readonly event: string;
  /** The account whose event it is. */
  readonly account: string;
  readonly endpoint: string;
  readonly attempts: number;
  /** Real time, in milliseconds since 1970. */
  readonly firstSentAt: number | null;
}

export interface DeliveryTarget {
  readonly url: string;
  readonly secret: string;
  readonly body: string;
}

export interface DeliveryFaults {
  /** Share of deliveries that are sent twice, from 0 to 1. */
  readonly duplicateRate: number;
  /** Added before each first attempt. */
  readonly delayMs: number;
  /** Each first attempt waits for a random part of this in addition, so that events overtake each other. */
  readonly jitterMs: number;
}

const NO_FAULTS: DeliveryFaults = { duplicateRate: 0, delayMs: 0, jitterMs: 0 };

export interface DeliveryStatistics {
  sent: number;
  succeeded: number;
  failed: number;
}

export interface DeliveryContext {
  readonly poster: Poster;
  readonly options: Pick<SimulatorOptions, 'retryDelaysMs'>;
  /** Where it goes and what is sent, or undefined when the endpoint or the event is gone. */
  readonly target: (delivery: Delivery) => DeliveryTarget | undefined;
  /** A random number from 0 to 1 (exclusive), seeded. */
  readonly random: () => number;
  readonly changed: () => void;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly dueAt: number;
}

class EndpointQueue {
  ready: Delivery[] = [];
  /** Index of the next entry of `ready`; moving it is cheaper than shifting a long array. */
  next = 0;
  waiting: Waiting[] = [];
  readonly sending = new Set<Delivery>();
  timer: NodeJS.Timeout | undefined;

  take(): Delivery | undefined {
    const delivery = this.ready[this.next];
    if (delivery === undefined) {
      this.ready = [];
      this.next = 0;
      return undefined;
    }
    this.next += 1;
    return delivery;
  }

  pending(): Delivery[] {
    const queued = this.ready.slice(this.next);
    return [...this.sending, ...queued, ...this.waiting.map((entry) => entry.delivery)];
  }

  get size(): number {
    return this.sending.size + this.ready.length - this.next + this.waiting.length;
  }
}

export class Deliverer {
  readonly statistics: DeliveryStatistics = { sent: 0, succeeded: 0, failed: 0 };
  faults: DeliveryFaults = NO_FAULTS;
  readonly #context: DeliveryContext;
  readonly #queues = new Map<string, EndpointQueue>();
  readonly #openByEvent = new Map<string, number>();
  #closed = false;

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Queues an event for an endpoint; faults may double or delay it. */
  enqueue(to: Pick<Delivery, 'event' | 'account' | 'endpoint'>): void {
    const { duplicateRate, delayMs, jitterMs } = this.faults;
    const copies = duplicateRate > 0 && this.#context.random() < duplicateRate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = delayMs + (jitterMs > 0 ? this.#context.random() * jitterMs : 0);
      this.#add({ ...to, attempts: 0, firstSentAt: null }, delay);
    }
  }

  /** Takes up what an earlier run had not delivered. */
  restore(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#add(delivery, 0);
  }

  /** Forgets everything and takes up these instead. What is being sent at the moment ends unheard. */
  reset(deliveries: readonly Delivery[]): void {
    for (const queue of this.#queues.values()) {
      clearTimeout(queue.timer);
      queue.ready = [];
      queue.next = 0;
      queue.waiting = [];
    }
    this.#queues.clear();
    this.#openByEvent.clear();
    this.restore(deliveries);
  }

  /** Everything not delivered yet. */
  pending(): readonly Delivery[] {
    return [...this.#queues.values()].flatMap((queue) => queue.pending());
  }

  get pendingCount(): number {
    let count = 0;
    for (const queue of this.#queues.values()) count += queue.size;
    return count;
  }

  /** How many deliveries of an event are still open. */
  pendingOf(event: string): number {
    return this.#openByEvent.get(event) ?? 0;
  }

  /** Drops what is queued for an endpoint that is gone. */
  forget(endpoint: string): void {
    const queue = this.#queues.get(endpoint);
    if (queue === undefined) return;
    for (const delivery of queue.pending()) {
      if (!queue.sending.has(delivery)) this.#settleEvent(delivery.event);
    }
    queue.ready = [];
    queue.next = 0;
    queue.waiting = [];
  }

  close(): void {
    this.#closed = true;
    for (const queue of this.#queues.values()) clearTimeout(queue.timer);
  }

  #add(delivery: Delivery, delayMs: number): void {
    const queue = this.#queues.get(delivery.endpoint) ?? new EndpointQueue();
    this.#queues.set(delivery.endpoint, queue);
    this.#openByEvent.set(delivery.event, this.pendingOf(delivery.event) + 1);
    if (delayMs > 0) this.#wait(queue, { delivery, dueAt: Date.now() + delayMs });
    else queue.ready.push(delivery);
    // After the current call has finished its changes, so that a receiver that reads back sees all of them.
    setImmediate(() => this.#pump(queue));
  }

  #wait(queue: EndpointQueue, entry: Waiting): void {
    queue.waiting.push(entry);
    this.#schedule(queue);
  }

  #schedule(queue: EndpointQueue): void {
    clearTimeout(queue.timer);
    if (queue.waiting.length === 0 || this.#closed) return;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const entry of queue.waiting) dueAt = Math.min(dueAt, entry.dueAt);
    const delay = Math.max(TIMER_RESOLUTION_MS, dueAt - Date.now());
    queue.timer = setTimeout(() => this.#release(queue), delay);
  }

  #release(queue: EndpointQueue): void {
    const now = Date.now() + TIMER_RESOLUTION_MS;
    for (const entry of queue.waiting) if (entry.dueAt <= now) queue.ready.push(entry.delivery);
    queue.waiting = queue.waiting.filter((entry) => entry.dueAt > now);
    this.#schedule(queue);
    this.#pump(queue);
  }

  #pump(queue: EndpointQueue): void {
    while (!this.#closed && queue.sending.size < CONCURRENCY_PER_ENDPOINT) {
      const delivery = queue.take();
      if (delivery === undefined) return;
      queue.sending.add(delivery);
      void this.#send(queue, delivery);
    }
  }

  async #send(queue: EndpointQueue, delivery: Delivery): Promise<void> {
    const target = this.#context.target(delivery);
    const succeeded = target === undefined || (await this.#attempt(target));
    queue.sending.delete(delivery);
    if (this.#queues.get(delivery.endpoint) !== queue) return;
    if (succeeded || this.#closed) {
      // What close() interrupts stays queued, so that the state file remembers it.
      if (succeeded) this.#settleEvent(delivery.event);
      else queue.ready.push(delivery);
    } else {
      this.#repeatLater(queue, delivery);
    }
    this.#context.changed();
    this.#pump(queue);
  }

  async #attempt(target: DeliveryTarget): Promise<boolean> {
    this.statistics.sent += 1;
    const outcome = await this.#context.poster.post({
      url: target.url,
      body: target.body,
      headers: {
        'stripe-signature': signatureHeader(target.body, target.secret, realSeconds()),
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        accept: '*/*; q=0.5, application/xml',
      },
      timeoutMs: DELIVERY_TIMEOUT_MS,
    });
    const succeeded = outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
    if (succeeded) this.statistics.succeeded += 1;
    else this.statistics.failed += 1;
    return succeeded;
  }

  #repeatLater(queue: EndpointQueue, delivery: Delivery): void {
    const now = Date.now();
    const firstSentAt = delivery.firstSentAt ?? now;
    if (now - firstSentAt > GIVE_UP_AFTER_MS) {
      this.#settleEvent(delivery.event);
      return;
    }
    const delay = this.#context.options.retryDelaysMs[delivery.attempts] ?? REPEAT_INTERVAL_MS;
    const next = { ...delivery, attempts: delivery.attempts + 1, firstSentAt };
    this.#wait(queue, { delivery: next, dueAt: now + delay });
  }

  #settleEvent(event: string): void {
    const open = this.pendingOf(event) - 1;
    if (open > 0) this.#openByEvent.set(event, open);
    else this.#openByEvent.delete(event);
  }
}
