/**
 * The one place where a run keeps its card: the state, what of it is not saved yet, and what a reader may want
 * to know. Facts are applied synchronously, so a handler and the main loop never see each other's halves.
 * Plain code: it can be tested without Temporal.
 */
import type { HeardFact, LoadedCard, NumberedFact } from '../src/domain/card-contract.ts';
import type { Outcome } from '../src/domain/card-outcome.ts';
import type { CardState } from '../src/domain/card-phase.ts';
import {
  type CardSave,
  isToBeSaved,
  type TimelineNote,
  timelineNote,
} from '../src/domain/card-save.ts';
import { completeState } from '../src/domain/card-start.ts';
import { transition } from '../src/domain/card-state.ts';
import { FACT_CLOSE_AFTER_MS } from '../src/domain/limits.ts';
import type { Unusable } from './fact-queue.ts';

/** Lines on the details page; more than these nobody reads there, the timeline has them all. */
const HISTORY_MAX = 10;
/** Facts that changed nothing are closed at once this often, so that a lone one needs no timer; after that together. */
const CLOSED_AT_ONCE_MAX = 5;
/** Notes on unusable messages that are shown and saved together; a flood of them says no more than the first. */
const UNUSABLE_MAX = 5;

export class CardRecord {
  state: CardState;
  /** When the present phase began. */
  phaseSinceMs: number;
  /** Rises with everything that a save has to bring, in this run and the runs before. */
  revision: number;
  savedRevision: number;
  /** Something waits to be saved: at once. */
  changed = false;
  /** When the oldest fact that only waits to be closed was applied; null when none waits. */
  unclosedSinceMs: number | null = null;
  /** Facts applied since the run began. */
  appliedInRun = 0;
  /** Facts of the outbox that were applied and are not closed by a save. */
  unclosed: readonly NumberedFact[] = [];
  readonly history: HeardFact[];
  /** Messages of this run that could not be used, the newest last. */
  readonly unusable: string[] = [];
  private closedAtOnceMs: readonly number[] = [];
  private readonly loaded: LoadedCard;
  private timeline: readonly TimelineNote[] = [];
  private unsavedUnusable: readonly Unusable[] = [];

  /** `heard` is what the run before had on its page. */
  constructor(loaded: LoadedCard, heard: readonly HeardFact[] = []) {
    this.history = [...heard];
    this.loaded = loaded;
    this.state = completeState(loaded.state);
    this.phaseSinceMs = loaded.phaseSinceMs ?? this.state.sinceMs;
    this.revision = loaded.revision;
    this.savedRevision = loaded.revision;
  }

  apply(numbered: NumberedFact, nowMs: number): Outcome {
    const { fact } = numbered;
    const before = this.state;
    const outcome = transition(before, fact, nowMs);
    this.revision += 1;
    this.appliedInRun += 1;
    if (outcome.kind === 'moved') {
      this.state = outcome.state;
      if (before.phase !== outcome.state.phase) this.phaseSinceMs = nowMs;
      const note = timelineNote(before, outcome.state, fact, nowMs);
      if (note !== null) this.timeline = [...this.timeline, note];
      if (note !== null || isToBeSaved(before, outcome.state, fact)) this.changed = true;
    }
    if (numbered.factId !== null) {
      this.unclosed = [...this.unclosed, numbered];
      this.unclosedSinceMs ??= nowMs;
    }
    this.history.push({ atMs: nowMs, kind: fact.kind, effect: effectOf(before, outcome) });
    if (this.history.length > HISTORY_MAX) this.history.shift();
    return outcome;
  }

  /** Whether facts that only wait to be closed are closed now; under a stream of them they wait for one another. */
  isToBeClosed(nowMs: number): boolean {
    if (this.unclosedSinceMs === null) return false;
    const lately = this.closedAtOnceMs.filter((atMs) => nowMs - atMs < FACT_CLOSE_AFTER_MS);
    if (lately.length >= CLOSED_AT_ONCE_MAX) return false;
    this.closedAtOnceMs = [...lately, nowMs];
    return true;
  }

  /** Keeps a message that could not be used: its row is closed, and a person is told. */
  reject(unusable: Unusable): void {
    this.revision += 1;
    this.changed = true;
    this.unsavedUnusable = [...this.unsavedUnusable, unusable];
    this.unusable.push(unusable.what);
    if (this.unusable.length > UNUSABLE_MAX) this.unusable.shift();
  }

  /** What is to be saved now. Until `confirm` or `putBack` is called with it, nothing else may be taken. */
  takeSave(writer: string): CardSave {
    const { revision, state, timeline } = this;
    const ids = [...this.unclosed, ...this.unsavedUnusable].flatMap(({ factId }) => factId ?? []);
    const unusable = this.unsavedUnusable.slice(0, UNUSABLE_MAX).map(({ what }) => what);
    this.changed = false;
    this.timeline = [];
    this.unsavedUnusable = [];
    this.unclosedSinceMs = null;
    const { cardId } = this.loaded;
    return { cardId, revision, writer, state, closedFactIds: ids, timeline, unusable };
  }

  confirm(save: CardSave): void {
    this.savedRevision = save.revision;
    const closed = new Set(save.closedFactIds);
    this.unclosed = this.unclosed.filter(({ factId }) => factId === null || !closed.has(factId));
  }

  putBack(save: CardSave): void {
    this.changed = true;
    this.timeline = [...save.timeline, ...this.timeline];
    const unusable = (save.unusable ?? []).map((what) => ({ what, factId: null }));
    this.unsavedUnusable = [...unusable, ...this.unsavedUnusable];
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
