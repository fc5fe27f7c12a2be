/** Seeded random numbers: the same seed and names give the same ones. */

export class Random {
  #state: number;

  constructor(...seeds: readonly (number | string)[]) {
    // FNV-1a over the text of the seeds, so that near seeds begin far apart.
    this.#state = 0x811c9dc5;
    for (const character of seeds.join('/')) {
      this.#state = Math.imul(this.#state ^ (character.codePointAt(0) ?? 0), 0x01000193);
    }
  }

  /** From 0 to below 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  chance(share: number): boolean {
    return this.fraction() < share;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let at = result.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      const moved = result[at];
      const replaced = result[other];
      if (moved !== undefined && replaced !== undefined)
        [result[at], result[other]] = [replaced, moved];
    }
    return result;
  }
}
