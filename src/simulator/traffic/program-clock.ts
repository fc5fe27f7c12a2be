/**
 * Keeps three times together: the plan's program time, the real time that paces it, and the simulator's clock,
 * which runs with real time and is moved ahead by what program time is faster.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DAY, HOUR, MINUTE } from './step.ts';
import type { Target } from './target.ts';

/** Larger jumps would let a night's expiries and captures happen at the same moment. */
const JUMP_MAX_SECONDS = HOUR;
/** Smaller differences are not worth a call: at high rates there would be as many jumps as purchases. */
const JUMP_MIN_SECONDS = MINUTE;

interface Pace {
  /** Real seconds of a day of the program. With 86,400 the clock is never moved. */
  readonly daySeconds: number;
  /** The clock is not moved, though days pass faster than real ones. */
  readonly keepClock?: boolean;
  /** Real seconds; what comes after is not paced. */
  readonly durationSeconds: number;
}

export class ProgramClock {
  readonly #target: Pick<Target, 'advance' | 'now'>;
  readonly #pace: Pace;
  #startMs: number | undefined;
  #startNow: number | undefined;
  #advanced = 0;

  constructor(target: Pick<Target, 'advance' | 'now'>, pace: Pace) {
    this.#target = target;
    this.#pace = pace;
  }

  /** Begins program time. */
  async start(): Promise<void> {
    this.#startNow = await this.#targetNow();
    this.#startMs = performance.now();
  }

  get realSeconds(): number {
    return this.#startMs === undefined ? 0 : (performance.now() - this.#startMs) / 1_000;
  }

  /** How far the simulator's clock has come since the start, in seconds of program time. */
  get programSeconds(): number {
    return this.realSeconds + this.#advanced;
  }

  /** False for what real time does not reach within the run. */
  reaches(at: number): boolean {
    return this.#pace.daySeconds !== DAY || at < this.#pace.durationSeconds;
  }

  /** Waits until it is time for a step at `at` (program seconds), and moves the simulator's clock there. */
  async reach(at: number, signal: AbortSignal): Promise<void> {
    const { daySeconds, durationSeconds } = this.#pace;
    const due = (at * daySeconds) / DAY;
    const ahead = Math.min(due, durationSeconds) - this.realSeconds;
    // An interrupted wait ends the run, which the caller sees by the signal.
    if (ahead > 0) await wait(ahead * 1_000, undefined, { signal }).catch(() => undefined);
    if (daySeconds === DAY || this.#pace.keepClock === true) return;
    while (!signal.aborted) {
      const lag = Math.floor(at - this.programSeconds);
      if (lag < JUMP_MIN_SECONDS) return;
      const jump = Math.min(lag, JUMP_MAX_SECONDS);
      await this.#target.advance(jump);
      this.#advanced += jump;
    }
  }

  /** Days that have passed on the simulator's own clock; by our own count when it cannot be asked. */
  async daysPassed(): Promise<number> {
    const now = await this.#targetNow();
    const start = this.#startNow;
    return (now === undefined || start === undefined ? this.programSeconds : now - start) / DAY;
  }

  /** A target that has gone must not cost the summary of what was done before. */
  #targetNow(): Promise<number | undefined> {
    return this.#target.now().catch(() => undefined);
  }
}
