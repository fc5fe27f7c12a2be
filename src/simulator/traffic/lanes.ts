/** Runs jobs side by side, up to a number; jobs of one lane run one after the other, in the order they came. */
export class Lanes {
  readonly #concurrency: number;
  readonly #tails = new Map<number, Promise<void>>();
  #taken = 0;
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Resolves once the job has a place; it may still wait for its lane. Rejects after a job has failed. One caller only. */
  async add(lane: number, job: () => Promise<void>): Promise<void> {
    this.#taken += 1;
    const tail = this.#follow(this.#tails.get(lane), job);
    this.#tails.set(lane, tail);
    void tail.then(() => {
      if (this.#tails.get(lane) === tail) this.#tails.delete(lane);
      this.#taken -= 1;
      this.#wake?.();
    });
    await this.#until(() => this.#taken < this.#concurrency);
  }

  /** Resolves once all jobs have ended; rejects when one has failed. */
  idle(): Promise<void> {
    return this.#until(() => this.#taken === 0);
  }

  /** Never rejects: what fails is kept for the next caller. */
  async #follow(before: Promise<void> | undefined, job: () => Promise<void>): Promise<void> {
    await before;
    if (this.#failure !== undefined) return;
    try {
      await job();
    } catch (error) {
      this.#failure = { error };
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
