/** What waits for a moment, by moment: those of one moment leave together, so that a burst needs one timer. */

/** Moments are rounded up to this, in milliseconds; nobody waits for less than it. */
export const RESOLUTION_MS = 20;

export class WaitingRoom<T> {
  /** Ascending. */
  readonly #moments: number[] = [];
  readonly #byMoment = new Map<number, T[]>();
  #size = 0;

  /** Lets an item wait for a moment in milliseconds. Returns the moment if it is the first to wait for it. */
  add(at: number, item: T): number | undefined {
    this.#size += 1;
    const moment = Math.ceil(at / RESOLUTION_MS) * RESOLUTION_MS;
    const waiting = this.#byMoment.get(moment);
    if (waiting !== undefined) {
      waiting.push(item);
      return undefined;
    }
    this.#byMoment.set(moment, [item]);
    // Most new moments are later than all others, so the search begins at the end.
    let position = this.#moments.length;
    while (position > 0 && (this.#moments[position - 1] ?? 0) > moment) position -= 1;
    this.#moments.splice(position, 0, moment);
    return moment;
  }

  /** Takes out what has waited long enough, in the order of its moments. */
  takeDue(now: number): readonly T[] {
    const due: T[] = [];
    while ((this.#moments[0] ?? Number.POSITIVE_INFINITY) <= now) {
      const moment = this.#moments.shift() ?? 0;
      for (const item of this.#byMoment.get(moment) ?? []) due.push(item);
      this.#byMoment.delete(moment);
    }
    this.#size -= due.length;
    return due;
  }

  /** Takes out those that a condition holds for, before their time. */
  takeWhere(holds: (item: T) => boolean): readonly T[] {
    const taken: T[] = [];
    for (const [moment, waiting] of this.#byMoment) {
      const kept = waiting.filter((item) => !holds(item));
      if (kept.length === waiting.length) continue;
      taken.push(...waiting.filter(holds));
      // An empty moment stays until it has passed; it costs nothing.
      this.#byMoment.set(moment, kept);
    }
    this.#size -= taken.length;
    return taken;
  }

  nextAt(): number | undefined {
    return this.#moments[0];
  }

  moments(): readonly number[] {
    return this.#moments;
  }

  /** All that waits, with its moment. */
  entries(): readonly (readonly [moment: number, item: T])[] {
    return [...this.#byMoment].flatMap(([moment, waiting]) =>
      waiting.map((item) => [moment, item] as const),
    );
  }

  all(): readonly T[] {
    return [...this.#byMoment.values()].flat();
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#moments.length = 0;
    this.#byMoment.clear();
    this.#size = 0;
  }
}
