/**
 * Ids and other "random" values, all from one seed: the same order of creations gives the same ids. Each prefix
 * counts for itself, so an additional event does not change the id of the next card.
 */
import { hash } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 24;
/** Stripe's ids of Issuing begin with a version digit after the prefix; it makes them look familiar. */
const VERSION_DIGIT = '1';
/**
 * After an end without a last save, ids given out since the save before must not come again with another meaning.
 * No simulator hands out this many ids of a kind between two saves.
 */
const SKIP_AFTER_CRASH = 1_000_000;

export type Counters = Readonly<Record<string, number>>;

export class Sequence {
  #seed: number;
  readonly #counters = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Takes up where a saved state left off; `clean` tells whether ids may have been given out since. */
  restore(seed: number, counters: Counters, clean: boolean): void {
    this.#seed = seed;
    this.#counters.clear();
    for (const [prefix, count] of Object.entries(counters)) {
      this.#counters.set(prefix, clean ? count : count + SKIP_AFTER_CRASH);
    }
  }

  /** The next id, e.g. `ic_1...` for the prefix `ic`. */
  id(prefix: string): string {
    return `${prefix}_${VERSION_DIGIT}${this.text(prefix, ID_LENGTH - 1)}`;
  }

  /** `length` letters and digits; at most 32. */
  text(stream: string, length: number): string {
    const bytes = this.#bytes(stream);
    let text = '';
    for (let i = 0; i < length; i += 1) text += ALPHABET[bytes.charCodeAt(i) % ALPHABET.length];
    return text;
  }

  /** `length` decimal digits; at most 32. */
  digits(stream: string, length: number): string {
    const bytes = this.#bytes(stream);
    let text = '';
    for (let i = 0; i < length; i += 1) text += String(bytes.charCodeAt(i) % 10);
    return text;
  }

  /** A number from 0 (inclusive) to 1 (exclusive). */
  fraction(stream: string): number {
    return Buffer.from(this.#bytes(stream), 'latin1').readUInt32BE(0) / 2 ** 32;
  }

  counters(): Counters {
    return Object.fromEntries(this.#counters);
  }

  /** 32 bytes, as the characters of a text: made several times in each call, and three times faster than a Buffer. */
  #bytes(stream: string): string {
    const count = (this.#counters.get(stream) ?? 0) + 1;
    this.#counters.set(stream, count);
    return hash('sha256', `${this.#seed}:${stream}:${count}`, 'binary');
  }
}
