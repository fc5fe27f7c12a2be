/** Simulator time: the real clock plus what has been advanced. Signatures and time limits never use it. */
export class SimulatorClock {
  #offsetMs: number;
  readonly #realNowMs: () => number;

  constructor(offsetMs = 0, realNowMs: () => number = Date.now) {
    this.#offsetMs = offsetMs;
    this.#realNowMs = realNowMs;
  }

  nowMs(): number {
    return this.#realNowMs() + this.#offsetMs;
  }

  /** Unix seconds, as the API shows all its times. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Moves to a moment in Unix seconds; earlier moments are ignored, because time never goes back. */
  moveTo(seconds: number): void {
    const ahead = seconds * 1000 - this.nowMs();
    if (ahead > 0) this.#offsetMs += ahead;
  }
}
