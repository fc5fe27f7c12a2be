/**
 * Simulator time. A real clock is the machine's plus what has been advanced; a virtual one stands still until it is
 * advanced, so that a run is the same each time. Signatures and the two-second limit never use it.
 */
export const CLOCK_MODES = ['real', 'virtual'] as const;
export type ClockMode = (typeof CLOCK_MODES)[number];

/** Where virtual time begins: 2026-01-01T00:00:00Z. */
const VIRTUAL_START_MS = Date.UTC(2026, 0, 1);

export class SimulatorClock {
  readonly mode: ClockMode;
  #offsetMs: number;

  constructor(mode: ClockMode = 'real', offsetMs = 0) {
    this.mode = mode;
    this.#offsetMs = offsetMs;
  }

  nowMs(): number {
    return (this.mode === 'real' ? Date.now() : VIRTUAL_START_MS) + this.#offsetMs;
  }

  /** Unix seconds, as the API shows all its times. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Moves to a moment in milliseconds since 1970; earlier moments are ignored, because time never goes back. */
  moveTo(moment: number): void {
    const ahead = moment - this.nowMs();
    if (ahead > 0) this.#offsetMs += ahead;
  }

  /** Takes up where a saved state left off. */
  restore(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }
}
