/**
 * Stripe's published rate limits, in real time: so many calls a second of each account, and of each operation of an
 * account. A bucket holds the calls of one second, so that a short burst passes and a lasting one does not.
 */
import { rateLimited } from './fault.ts';

export const RATE_LIMIT_MODES = ['off', 'sandbox', 'live'] as const;
export type RateLimitMode = (typeof RATE_LIMIT_MODES)[number];

/** Calls per second. No figure of Issuing's own is published. */
const GLOBAL_RATES = { sandbox: 25, live: 100 } as const;
const OPERATION_RATE = 25;
/** Of the operations of files. */
export const FILE_RATE = 20;
const MS_PER_SECOND = 1_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class RateLimiter {
  #mode: RateLimitMode;
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  /** `now` gives real time in milliseconds. */
  constructor(mode: RateLimitMode, now: () => number = () => performance.now()) {
    this.#mode = mode;
    this.#now = now;
  }

  get mode(): RateLimitMode {
    return this.#mode;
  }

  /** Begins anew with full buckets. */
  set(mode: RateLimitMode): void {
    this.#mode = mode;
    this.#buckets.clear();
  }

  /** Counts a call; throws a 429 when there are too many, of the operation more than `rate` a second. Unknown operations count for the account alone. */
  take(account: string, operation: string | undefined, rate = OPERATION_RATE): void {
    if (this.#mode === 'off') return;
    if (!this.#draw(account, GLOBAL_RATES[this.#mode])) throw rateLimited('global-rate');
    if (operation !== undefined && !this.#draw(`${account} ${operation}`, rate)) {
      throw rateLimited('endpoint-rate');
    }
  }

  #draw(key: string, rate: number): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: rate, filledAt: now };
    this.#buckets.set(key, bucket);
    const filled = bucket.tokens + ((now - bucket.filledAt) / MS_PER_SECOND) * rate;
    bucket.filledAt = now;
    bucket.tokens = Math.min(rate, filled);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
