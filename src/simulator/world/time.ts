/** The passing of simulator time: whatever is due on the way happens in order, each at its own moment. */
import type { Deliverer } from '../webhooks/delivery.ts';
import { type Account, type Cause, NO_CAUSE } from './account.ts';
import type { Agenda } from './agenda.ts';
import type { SimulatorClock } from './clock.ts';

/** Keeps an appointment; `id` names the object. What no longer holds is left undone. */
type Task<W> = (
  scope: { readonly world: W; readonly account: Account; readonly cause: Cause },
  id: string,
) => void | Promise<void>;
export type Tasks<W> = Readonly<Record<string, Task<W>>>;

/** What of a world passes with time. */
interface Passing {
  readonly clock: SimulatorClock;
  readonly agenda: Agenda;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly deliverer: Deliverer;
  dropOld(): void;
}

/** A timer cannot be longer than this; a later appointment is looked at again then. */
const TIMER_MAX_MS = 30_000;

export class Time<W extends Passing> {
  readonly #world: W;
  readonly #agenda: Agenda;
  readonly #tasks: Tasks<W>;
  #timer: NodeJS.Timeout | undefined;
  #passing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(world: W, tasks: Tasks<W>) {
    this.#world = world;
    this.#agenda = world.agenda;
    this.#tasks = tasks;
    world.agenda.onSooner = () => this.#arm();
    this.#arm();
  }

  /**
   * Leaps to a moment in milliseconds since 1970: webhook deliveries that are due on the way have been attempted
   * before time moves on. Calls are carried out one after the other.
   */
  passTo(moment: number): Promise<void> {
    return this.#enqueue(moment, () => this.#world.deliverer.attemptedAll());
  }

  /** `settle` is awaited whenever time is about to move. */
  #enqueue(moment: number, settle: () => Promise<void>): Promise<void> {
    const passed = this.#passing.then(() => this.#pass(moment, settle)).finally(() => this.#arm());
    this.#passing = passed.catch(() => undefined);
    return passed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #pass(moment: number, settle: () => Promise<void>): Promise<void> {
    const { clock } = this.#world;
    for (;;) {
      const at = this.#agenda.nextAt() ?? Number.POSITIVE_INFINITY;
      // What comes of it may be due before `at`, so the agenda is looked at again.
      if (Math.min(at, moment) > clock.nowMs()) await settle();
      const next = this.#agenda.takeDue(moment);
      if (next === undefined || this.#closed) break;
      clock.moveTo(next.at);
      const account: Account | undefined = this.#world.accounts.get(next.account);
      const task = this.#tasks[next.task];
      if (account !== undefined && task !== undefined) {
        // In order on purpose: what happens earlier may change what happens later.
        await task({ world: this.#world, account, cause: NO_CAUSE }, next.id);
      }
    }
    if (this.#closed) return;
    clock.moveTo(moment);
    await settle();
    this.#world.dropOld();
  }

  /** With a virtual clock nothing happens by itself. */
  #arm(): void {
    const at = this.#agenda.nextAt();
    const { clock } = this.#world;
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
