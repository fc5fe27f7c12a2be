/** Which events have deliveries that are still open, and which were lost. */
export interface LostDelivery {
  readonly event: string;
  readonly endpoint: string;
}

export class Undelivered {
  readonly #open = new Map<string, number>();
  readonly #lost = new Map<string, Set<string>>();

  opened(event: string): void {
    this.#open.set(event, this.openOf(event) + 1);
  }

  /** A delivery came to its end, one way or the other. */
  closed(event: string): void {
    const open = this.openOf(event) - 1;
    if (open > 0) this.#open.set(event, open);
    else this.#open.delete(event);
  }

  /** Nobody will try again by himself. */
  lost({ event, endpoint }: LostDelivery): void {
    const endpoints = this.#lost.get(event) ?? new Set();
    this.#lost.set(event, endpoints.add(endpoint));
  }

  /** It arrived after all, e.g. because somebody asked for it again. */
  arrived({ event, endpoint }: LostDelivery): void {
    const endpoints = this.#lost.get(event);
    if (endpoints === undefined) return;
    endpoints.delete(endpoint);
    if (endpoints.size === 0) this.#lost.delete(event);
  }

  openOf(event: string): number {
    return this.#open.get(event) ?? 0;
  }

  /** How many endpoints have not got the event (a second copy under way counts too). */
  countOf(event: string): number {
    return this.openOf(event) + (this.#lost.get(event)?.size ?? 0);
  }

  /** The event itself is gone. */
  forget(event: string): void {
    this.#lost.delete(event);
  }

  allLost(): readonly LostDelivery[] {
    return [...this.#lost].flatMap(([event, endpoints]) =>
      [...endpoints].map((endpoint) => ({ event, endpoint })),
    );
  }
}
