/** How long real-time endpoints took to answer: the latest ones, so that a long run needs no more memory. */

/** Enough for a 99th percentile that means something. */
const KEPT_MAX = 10_000;

export interface AnswerTimeSummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class AnswerTimes {
  readonly #times: number[] = [];
  #count = 0;

  record(ms: number): void {
    this.#times[this.#count % KEPT_MAX] = ms;
    this.#count += 1;
  }

  summary(): AnswerTimeSummary {
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return { count: this.#count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? 0 };
  }
}
