/** Tells whoever looks on what happens, as it happens. Nothing is kept: who was not there has missed it. */
import type { CallRecord } from '../options.ts';

interface EventNotice {
  readonly kind: 'event';
  readonly account: string;
  readonly id: string;
  readonly type: string;
  /** The id of the object that the event is about. */
  readonly object: string | null;
}

interface DeliveryNotice {
  readonly kind: 'delivery';
  /** The account whose event it is. */
  readonly account: string;
  readonly endpoint: string;
  readonly event: string;
  readonly type: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The HTTP status, or why there is none. */
  readonly outcome: number | 'failed' | 'timeout';
}

export type Notice = EventNotice | DeliveryNotice | ({ readonly kind: 'call' } & CallRecord);

/** Must not throw: it runs in the midst of the change that it is told of. */
type Listener = (notice: Notice) => void;

export class Watch {
  readonly #listeners = new Set<Listener>();

  /** Returns what ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  publish(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}
