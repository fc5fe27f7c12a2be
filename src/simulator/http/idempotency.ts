/**
 * Answers under idempotency keys: the same key gives the same answer for a day, errors of the operation included.
 * Nothing is kept for requests whose parameters were refused, so that a corrected request can use its key again.
 */
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import { jsonOf } from '../world/memo.ts';
import { Failure } from './failure.ts';
import { type FormNode, parseForm } from './form.ts';

/** Stripe keeps keys for at least 24 hours. Simulator time. */
const RETENTION_SECONDS = SECONDS_PER_DAY;
const KEY_LENGTH_MAX = 255;

export interface StoredAnswer {
  readonly status: number;
  /** The text, or the object it was made of: that is kept by its event anyway. */
  readonly body: object | string;
  /** Of the answer's headers, those that are about what it says. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** What a request asks for. */
export interface Wish {
  /** Method and path. */
  readonly target: string;
  /** The parameters as they were sent. */
  readonly form: string;
}

/** The use of a key by a call. */
export interface Claim {
  readonly key: string;
  readonly wish: Wish;
  /** Unix seconds of the simulator. */
  readonly created: number;
  readonly requestId: string;
}

export interface IdempotencyEntry extends StoredAnswer, Claim {}

const CUT_OFF = {
  status: 500,
  body: JSON.stringify({
    error: {
      type: 'api_error',
      message: 'The simulator was stopped while it carried this call out. Its effect is unknown.',
    },
  }),
  headers: {},
};

export class IdempotencyStore {
  readonly #entries = new Map<string, IdempotencyEntry>();
  readonly #running = new Map<string, Claim>();
  #generation = 0;

  /** Another number after each `load`: what was claimed before it belongs to a state that is gone. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The stored answer, or undefined after having claimed the key; then `finish` or `release` must follow, with the
   * generation of the claim. Throws for a key in use, and for a key of another request.
   */
  claim(claim: Claim): StoredAnswer | undefined {
    const { key, wish, created: now } = claim;
    if (this.#running.has(key)) {
      throw refusal(
        409,
        'There is currently another in-progress request using this Idempotent Key. Please try again later.',
        'idempotency_key_in_use',
      );
    }
    const entry = this.#entries.get(key);
    if (entry === undefined || now - entry.created > RETENTION_SECONDS) {
      this.#running.set(key, claim);
      return undefined;
    }
    if (isSameWish(entry.wish, wish)) return entry;
    throw refusal(
      400,
      'Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than the one in your request if you meant to execute a different request.',
    );
  }

  finish(entry: IdempotencyEntry, generation: number): void {
    if (generation !== this.#generation) return;
    this.#running.delete(entry.key);
    // Deleted first, so that the entries stay in the order of their age.
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
    this.#dropOldest(entry.created);
  }

  release(key: string, generation: number): void {
    if (generation !== this.#generation) return;
    this.#running.delete(key);
  }

  prune(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.created > RETENTION_SECONDS) this.#entries.delete(key);
    }
  }

  /** Each new entry pays for what has become too old before it, so that a clock that leaps leaves nothing behind. */
  #dropOldest(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.created <= RETENTION_SECONDS) return;
      this.#entries.delete(key);
    }
  }

  /** What is to be saved. A call that is cut off may have had an effect, so its key must not have it twice. */
  all(): readonly IdempotencyEntry[] {
    const finished = [...this.#entries.values()].map((entry) =>
      typeof entry.body === 'string' ? entry : { ...entry, body: jsonOf(entry.body) },
    );
    const cutOff = [...this.#running.values()].map((claim) => ({ ...claim, ...CUT_OFF }));
    return [...finished, ...cutOff];
  }

  /** Replaces everything that is kept. Calls under way keep nothing any more: what they made is not there. */
  load(entries: readonly IdempotencyEntry[]): void {
    this.#generation += 1;
    this.#running.clear();
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.key, entry);
  }
}

/** The same parameters may come in another order. */
const isSameWish = (a: Wish, b: Wish): boolean =>
  a.target === b.target &&
  (a.form === b.form || canonical(parseForm(a.form)) === canonical(parseForm(b.form)));

/** The same text for the same parameters, in whatever order they were sent. */
function canonical(node: FormNode): string {
  if (typeof node === 'string') return JSON.stringify(node);
  const entries = [...node].map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`);
  return `{${entries.toSorted().join(',')}}`;
}

/** Throws a 400 for a key that is too long. */
export function checkKeyLength(key: string): void {
  if (key.length <= KEY_LENGTH_MAX) return;
  throw refusal(400, `Idempotency keys can be at most ${KEY_LENGTH_MAX} characters.`);
}

const refusal = (status: number, message: string, code?: string): Failure =>
  new Failure(status, {
    type: 'idempotency_error',
    message,
    ...(code === undefined ? {} : { code }),
  });
