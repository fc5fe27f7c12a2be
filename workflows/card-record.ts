/**
 * The one place where a run keeps its card: the state, what of it is not saved yet, and what a reader may want
 * to know. Facts are applied synchronously, so a handler and the main loop never see each other's halves.
 * Plain code: it can be tested without Temporal.
 */
import type { LoadedCard, NumberedFact } from '../src/domain/card-contract.ts';
import type { Outcome } from '../src/domain/card-outcome.ts';
import type { CardState } from '../src/domain/card-phase.ts';
import { type CardSave, type TimelineNote, timelineNote } from '../src/domain/card-save.ts';
import { transition } from '../src/domain/card-state.ts';

/** Lines on the details page; more than these nobody reads there, the timeline has them all. */
const HISTORY_MAX = 12;

/** One fact as the details page shows it. */
export interface HeardFact {
  readonly atMs: number;
  readonly kind: string;
  readonly effect: string;
}

export class CardRecord {
  state: CardState;
  /** Rises with every fact applied, in this run and the runs before. */
  revision: number;
  savedRevision: number;
  /** A change of state waits to be saved: at once. */
  changed = false;
  /** When the oldest fact that only waits to be closed was applied; null when none waits. */
  unclosedSinceMs: number | null = null;
  /** Facts applied since the run began. */
  appliedInRun = 0;
  /** Facts of the outbox that were applied and are not closed by a save. */
  unclosed: readonly NumberedFact[] = [];
  readonly history: HeardFact[] = [];
  private readonly loaded: LoadedCard;
  private timeline: readonly TimelineNote[] = [];

  constructor(loaded: LoadedCard) {
    this.loaded = loaded;
    this.state = loaded.state;
    this.revision = loaded.revision;
    this.savedRevision = loaded.revision;
  }

  apply(numbered: NumberedFact, nowMs: number): Outcome {
    const before = this.state;
    const outcome = transition(before, numbered.fact, nowMs);
    this.revision += 1;
    this.appliedInRun += 1;
    if (outcome.kind === 'moved') {
      this.state = outcome.state;
      this.changed = true;
      const note = timelineNote(before, outcome.state, numbered.fact, nowMs);
      if (note !== null) this.timeline = [...this.timeline, note];
    }
    if (numbered.factId !== null) {
      this.unclosed = [...this.unclosed, numbered];
      this.unclosedSinceMs ??= nowMs;
    }
    const { kind } = numbered.fact;
    this.history.push({ atMs: nowMs, kind, effect: effectOf(before, outcome) });
    if (this.history.length > HISTORY_MAX) this.history.shift();
    return outcome;
  }

  /** What is to be saved now. Until `confirm` or `putBack` is called with it, nothing else may be taken. */
  takeSave(writer: string): CardSave {
    const { revision, state, timeline } = this;
    const closedFactIds = this.unclosed.flatMap(({ factId }) => factId ?? []);
    this.changed = false;
    this.timeline = [];
    this.unclosedSinceMs = null;
    return { cardId: this.loaded.cardId, revision, writer, state, closedFactIds, timeline };
  }

  confirm(save: CardSave): void {
    this.savedRevision = save.revision;
    const closed = new Set(save.closedFactIds);
    this.unclosed = this.unclosed.filter(({ factId }) => factId === null || !closed.has(factId));
  }

  putBack(save: CardSave): void {
    this.changed = true;
    this.timeline = [...save.timeline, ...this.timeline];
  }
}

function effectOf(before: CardState, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'moved':
      return outcome.state.phase === before.phase ? 'noted' : `moved to ${outcome.state.phase}`;
    case 'ignored':
      return `ignored: ${outcome.reason}`;
    case 'refused':
      return `refused: ${outcome.code}`;
  }
}
