/** Sends what one endpoint is to get: with bounded concurrency, and again by the schedule until it is answered. */
import type { AttemptWatch } from './attempt-watch.ts';
import type { AttemptOutcome, Audit } from './audit.ts';
import type { DeliveryContext, DeliveryTarget } from './delivery-context.ts';
import { DeliveryQueue, type Parcel } from './delivery-queue.ts';
import { nextWaitSeconds } from './retry-schedule.ts';
import type { Undelivered } from './undelivered.ts';

/** Requests under way at the same time. */
const CONCURRENCY_MAX = 8;

export interface SenderParts {
  readonly context: DeliveryContext;
  readonly audit: Audit;
  readonly undelivered: Undelivered;
  readonly watch: AttemptWatch;
}

export class EndpointSender {
  readonly queue = new DeliveryQueue();
  /** When an attempt last succeeded, in simulator milliseconds. */
  lastSuccessAt = 0;
  /** Whether something waits to be passed by a later event. */
  holdsReordered = false;
  readonly #parts: SenderParts;
  /** Whether a look at the ready ones is already on its way. */
  #pumping = false;
  #heldTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Sends these as soon as there is room. */
  send(parcels: readonly Parcel[]): void {
    this.queue.push(parcels);
    if (this.#pumping) return;
    this.#pumping = true;
    // After the current call has finished its changes, so that a receiver that reads back sees all of them.
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Sends it after a delay in real time. */
  hold(parcel: Parcel, delayMs: number): void {
    this.holdsReordered ||= parcel.reordered;
    if (this.queue.held.add(Date.now() + delayMs, parcel) !== undefined) this.#armHeld();
  }

  /** Sends it again at a moment of simulator time. */
  repeatAt(parcel: Parcel, at: number): void {
    parcel.dueAt = at;
    const moment = this.queue.repeats.add(at, parcel);
    if (moment !== undefined) this.#parts.context.remind(moment, parcel);
  }

  /** Sends what is due again by now. */
  sendDue(): void {
    const due = this.queue.repeats.takeDue(this.#parts.context.nowMs());
    for (const parcel of due) parcel.dueAt = null;
    this.queue.push(due);
    this.#pump();
  }

  /** Gives up all that is queued; what is on its way is not tried again. */
  clear(): void {
    this.holdsReordered = false;
    for (const parcel of this.queue.clear()) {
      this.#lose(parcel);
      this.#parts.watch.ended(parcel);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#heldTimer);
  }

  #armHeld(): void {
    clearTimeout(this.#heldTimer);
    const at = this.queue.held.nextAt();
    if (at === undefined || this.#closed) return;
    const release = (): void => {
      const due = this.queue.held.takeDue(Date.now());
      if (due.some((parcel) => parcel.reordered)) this.holdsReordered = false;
      this.send(due);
      this.#armHeld();
    };
    this.#heldTimer = setTimeout(release, Math.max(0, at - Date.now()));
  }

  #pump(): void {
    while (!this.#closed) {
      const parcel = this.queue.take(CONCURRENCY_MAX);
      if (parcel === undefined) return;
      this.queue.sending.add(parcel);
      void this.#deliver(parcel);
    }
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const { context, undelivered, watch } = this.#parts;
    const target = context.target(parcel);
    const outcome = target === undefined ? undefined : await this.#attempt(target, parcel);
    this.queue.sending.delete(parcel);
    if (outcome === undefined) {
      undelivered.closed(parcel.event);
    } else if (typeof outcome === 'number' && outcome >= 200 && outcome < 300) {
      this.lastSuccessAt = context.nowMs();
      undelivered.closed(parcel.event);
      undelivered.arrived(parcel);
    } else if (this.#closed) {
      // What the end interrupts stays queued, so that the state file remembers it.
      this.queue.push([parcel]);
    } else {
      this.#afterFailure(parcel);
    }
    watch.ended(parcel);
    this.#letPass(parcel);
    context.changed();
    this.#pump();
  }

  async #attempt(target: DeliveryTarget, parcel: Parcel): Promise<AttemptOutcome> {
    const { context, audit } = this.#parts;
    const { account, endpoint, event, type } = parcel;
    const attempt = parcel.attempts + 1;
    audit.count(endpoint, type, 'sent');
    if (attempt > 1) audit.count(endpoint, type, 'retried');
    parcel.firstSentAt ??= context.nowMs();
    const outcome = await context.post(target);
    audit.ended(endpoint, type, outcome);
    context.attempted({ account, endpoint, event, type, attempt, outcome });
    return outcome;
  }

  #afterFailure(parcel: Parcel): void {
    const { context } = this.#parts;
    const now = context.nowMs();
    const firstSentAt = parcel.firstSentAt ?? now;
    parcel.attempts += 1;
    const wait = this.queue.isCleared(parcel)
      ? undefined
      : nextWaitSeconds(context.schedule, parcel.attempts, (now - firstSentAt) / 1000);
    if (wait !== undefined) {
      this.repeatAt(parcel, now + wait * 1000);
      return;
    }
    this.#lose(parcel);
    const failedThroughout = this.lastSuccessAt < firstSentAt && !this.queue.isCleared(parcel);
    if (failedThroughout) context.exhausted(parcel.endpoint);
  }

  #lose(parcel: Parcel): void {
    const { audit, undelivered } = this.#parts;
    audit.count(parcel.endpoint, parcel.type, 'given_up');
    undelivered.closed(parcel.event);
    undelivered.lost(parcel);
  }

  /** What was held back to be passed by a later event goes now. */
  #letPass(passed: Parcel): void {
    if (!this.holdsReordered) return;
    const goes = this.queue.held.takeWhere(
      (parcel) => parcel.reordered && parcel.order < passed.order,
    );
    if (goes.length > 0) this.holdsReordered = false;
    this.queue.push(goes);
  }
}
