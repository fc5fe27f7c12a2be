/** Waiting for attempts: for those under way now, or for the first ones that an API call has caused. */
import type { Parcel } from './delivery-queue.ts';

interface Watcher {
  readonly left: Set<Parcel>;
  readonly done: () => void;
}

interface Bound {
  readonly parcels: Set<Parcel>;
  readonly limitMs: number;
}

export class AttemptWatch {
  readonly #watchers = new Set<Watcher>();
  /** Deliveries that an API call waits for, by the id of its request. */
  readonly #byRequest = new Map<string, Bound>();

  /** Resolves when each of these has been attempted or dropped, at the latest after `limitMs`. */
  wait(parcels: Iterable<Parcel>, limitMs: number): Promise<void> {
    const left = new Set(parcels);
    if (left.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher: Watcher = {
        left,
        done: () => {
          clearTimeout(timer);
          this.#watchers.delete(watcher);
          resolve();
        },
      };
      const timer = setTimeout(watcher.done, limitMs);
      this.#watchers.add(watcher);
    });
  }

  /** The request with this id waits for these deliveries, for `limitMs` at most. */
  bind(request: string, parcels: readonly Parcel[], limitMs: number): void {
    const before = this.#byRequest.get(request);
    this.#byRequest.set(request, {
      parcels: new Set([...(before?.parcels ?? []), ...parcels]),
      limitMs: Math.max(before?.limitMs ?? 0, limitMs),
    });
  }

  /** Resolves when all that is bound to the request has been attempted; undefined when nothing is. */
  waitForRequest(request: string): Promise<void> | undefined {
    const bound = this.#byRequest.get(request);
    return bound === undefined ? undefined : this.wait(bound.parcels, bound.limitMs);
  }

  /** An attempt ended, or there will be none. */
  ended(parcel: Parcel): void {
    for (const watcher of this.#watchers) {
      if (watcher.left.delete(parcel) && watcher.left.size === 0) watcher.done();
    }
    if (this.#byRequest.size === 0) return;
    for (const [request, { parcels }] of this.#byRequest) {
      if (parcels.delete(parcel) && parcels.size === 0) this.#byRequest.delete(request);
    }
  }

  /** Nobody has to wait any longer. */
  close(): void {
    for (const watcher of this.#watchers) watcher.done();
    this.#byRequest.clear();
  }
}
