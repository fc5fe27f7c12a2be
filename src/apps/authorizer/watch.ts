/** What happens inside of the real-time path, told to whoever counts it; main.ts hands in the metrics. */
export interface Watch {
  /** A call of Postgres came back, or was given up. */
  call(questions: number, seconds: number, result: 'answered' | 'failed' | 'given_up'): void;
  /** A question found its account locked by somebody else. */
  busy(): void;
  /** A question was asked with a profile that was outdated. */
  stale(): void;
  /** A question was not asked, or not decided, because its time was over. */
  late(): void;
  /** A question was declined at once, because it would not have been answered in time. */
  shed(): void;
  /** The connections were given up and made anew. */
  reconnect(): void;
  profile(source: 'memory' | 'postgres'): void;
  /** Given answers were written down, or dropped. */
  recorded(answers: number, result: 'written' | 'dropped'): void;
}

export const watchNothing: Watch = {
  call() {},
  busy() {},
  stale() {},
  late() {},
  shed() {},
  reconnect() {},
  profile() {},
  recorded() {},
};
