/** The passing of simulator time: whatever is due on the way happens in order, each at its own moment. */
import type { Agenda, Appointment } from './agenda.ts';
import type { SimulatorClock } from './clock.ts';

/** A timer cannot be longer than this; a later appointment is looked at again then. */
const TIMER_MAX_MS = 30_000;

export interface TimeParts {
  readonly clock: SimulatorClock;
  readonly agenda: Agenda;
  /** Does what is due now; what no longer holds is left undone. */
  readonly keep: (appointment: Appointment) => void | Promise<void>;
  /** Resolves once the webhook deliveries that are due have been attempted, at the latest after `limitMs`. */
  readonly attempts: (limitMs: number) => Promise<void>;
  /** How long one leap waits for receivers that do not answer, in real time and in sum. */
  readonly leapWaitMs: number;
  /** Called whenever time has moved on. */
  readonly passed: () => void;
}

export class Time {
  readonly #parts: TimeParts;
  #timer: NodeJS.Timeout | undefined;
  #passing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: TimeParts) {
    this.#parts = parts;
    parts.agenda.onSooner = () => this.#arm();
  }

  /**
   * Leaps to a moment in milliseconds since 1970: webhook deliveries that are due on the way have been attempted
   * before time moves on, unless a receiver keeps the leap waiting for too long. Calls are carried out one after
   * the other.
   */
  passTo(moment: number): Promise<void> {
    let leftMs = this.#parts.leapWaitMs;
    return this.#enqueue(moment, async () => {
      const startedAt = performance.now();
      await this.#parts.attempts(leftMs);
      leftMs = Math.max(0, leftMs - (performance.now() - startedAt));
    });
  }

  /** Does something while no time is passing, e.g. replaces the world. */
  between(act: () => void): Promise<void> {
    const done = this.#passing.then(act);
    this.#passing = done.catch(() => undefined);
    return done;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** `settle` is awaited whenever time is about to move. */
  #enqueue(moment: number, settle: () => Promise<void>): Promise<void> {
    const passed = this.#passing.then(() => this.#pass(moment, settle)).finally(() => this.#arm());
    this.#passing = passed.catch(() => undefined);
    return passed;
  }

  async #pass(moment: number, settle: () => Promise<void>): Promise<void> {
    const { agenda, clock, keep, passed } = this.#parts;
    for (;;) {
      const at = agenda.nextAt() ?? Number.POSITIVE_INFINITY;
      // What comes of it may be due before `at`, so the agenda is looked at again.
      if (Math.min(at, moment) > clock.nowMs()) await settle();
      const next = agenda.takeDue(moment);
      if (next === undefined || this.#closed) break;
      clock.moveTo(next.at);
      // One after the other on purpose: what happens earlier may change what happens later.
      await keep(next);
    }
    if (this.#closed) return;
    clock.moveTo(moment);
    await settle();
    passed();
  }

  /** With a virtual clock nothing happens by itself. */
  #arm(): void {
    const { agenda, clock } = this.#parts;
    const at = agenda.nextAt();
    clearTimeout(this.#timer);
    if (this.#closed || at === undefined || clock.mode === 'virtual') return;
    const delay = Math.min(TIMER_MAX_MS, Math.max(0, at - clock.nowMs()));
    this.#timer = setTimeout(() => {
      // Real time does not wait for a receiver that hangs.
      this.#enqueue(clock.nowMs(), () => Promise.resolve()).catch(() => undefined);
    }, delay);
    // Nothing that is only due later keeps a program from ending.
    this.#timer.unref();
  }
}
