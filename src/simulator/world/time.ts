/** The passing of simulator time: whatever is due on the way happens in order, each at its own moment. */
import { type Account, NO_CAUSE } from './account.ts';
import type { Agenda } from './agenda.ts';
import type { Scope } from './kind.ts';
import type { World } from './world.ts';

/** Keeps an appointment; `id` names the object. What no longer holds is left undone. */
export type Task = (scope: Scope, id: string) => void | Promise<void>;
export type Tasks = Readonly<Record<string, Task>>;

/** A timer cannot be longer than this; a later appointment is looked at again then. */
const TIMER_MAX_MS = 30_000;

export class Time {
  readonly #world: World;
  readonly #agenda: Agenda;
  readonly #tasks: Tasks;
  #timer: NodeJS.Timeout | undefined;
  #passing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(world: World, tasks: Tasks) {
    this.#world = world;
    this.#agenda = world.agenda;
    this.#tasks = tasks;
    world.agenda.onSooner = () => this.#arm();
    this.#arm();
  }

  /** Moves to a moment in milliseconds since 1970. Calls are carried out one after the other. */
  passTo(moment: number): Promise<void> {
    const passed = this.#passing.then(() => this.#pass(moment));
    this.#passing = passed.catch(() => undefined);
    return passed;
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

  async #pass(moment: number): Promise<void> {
    const { clock } = this.#world;
    for (;;) {
      const next = this.#agenda.takeDue(moment);
      if (next === undefined) break;
      clock.moveTo(next.at);
      const account: Account | undefined = this.#world.accounts.get(next.account);
      const task = this.#tasks[next.task];
      if (account !== undefined && task !== undefined) {
        // In order on purpose: what happens earlier may change what happens later.
        await task({ world: this.#world, account, cause: NO_CAUSE }, next.id);
      }
    }
    clock.moveTo(moment);
    this.#world.dropOldEvents();
    this.#arm();
  }

  /** With a virtual clock nothing happens by itself. */
  #arm(): void {
    const at = this.#agenda.nextAt();
    const { clock } = this.#world;
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
