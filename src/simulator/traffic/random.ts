/** Seeded chance: the same seed gives the same numbers on every machine. Good enough for traffic, not for secrets. */

/** Added to the state at each step (mulberry32); odd, so that the state goes through all 32-bit numbers. */
const INCREMENT = 0x6d2b79f5;
const RANGE = 2 ** 32;

export class Random {
  #state: number;

  /** Any safe integer; seeds that differ only above 32 bits give different numbers as well. */
  constructor(seed: number) {
    this.#state = (seed ^ Math.imul(Math.floor(seed / RANGE), INCREMENT)) | 0;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  fraction(): number {
    this.#state = (this.#state + INCREMENT) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / RANGE;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of the entries; throws for an empty list. */
  pick<T>(entries: readonly T[]): T {
    const entry = entries[Math.floor(this.fraction() * entries.length)];
    if (entry === undefined) throw new Error('nothing to pick from');
    return entry;
  }

  /** One of the entries, each as likely as its weight; throws unless one of the weights is above 0. */
  weighted<T>(entries: readonly (readonly [entry: T, weight: number])[]): T {
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [entry, weight] of entries) {
      if (left < weight) return entry;
      left -= weight;
    }
    throw new Error('nothing to pick from');
  }
}
