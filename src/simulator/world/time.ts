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

  /** Moves to a moment in milliseconds since 1970. Calls are carried out one after the other. */
  passTo(moment: number): Promise<void> {
    const passed = this.#passing.then(() => this.#pass(moment));
    this.#passing = passed.catch(() => undefined);
    return passed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #pass(moment: number): Promise<void> {
    const { agenda, clock, keep, passed } = this.#parts;
    for (;;) {
      const next = agenda.takeDue(moment);
      if (next === undefined) break;
      clock.moveTo(next.at);
      // One after the other on purpose: what happens earlier may change what happens later.
      await keep(next);
    }
    clock.moveTo(moment);
    passed();
    this.#arm();
  }

  /** With a virtual clock nothing happens by itself. */
  #arm(): void {
    const { agenda, clock } = this.#parts;
    const at = agenda.nextAt();
    clearTimeout(this.#timer);
    if (this.#closed || at === undefined || clock.mode === 'virtual') return;
    const delay = Math.min(TIMER_MAX_MS, Math.max(0, at - clock.nowMs()));
    this.#timer = setTimeout(() => {
      this.passTo(clock.nowMs()).catch(() => undefined);
    }, delay);
    // Nothing that is only due later keeps a program from ending.
    this.#timer.unref();
  }
}
