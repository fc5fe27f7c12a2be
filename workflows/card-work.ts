/** Doing what the plan says: drain facts, run an activity, or wait for a deadline. */
import { CancellationScope, condition, log, patched } from '@temporalio/workflow';
import type { NumberedFact } from '../src/domain/card-contract.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import type { CardState } from '../src/domain/card-phase.ts';
import {
  type CardAction,
  type DeadlineStep,
  type NextStep,
  nextStep,
} from '../src/domain/card-plan.ts';
import { factProblem } from '../src/domain/fact-shape.ts';
import {
  ACTIVITY_GRACE_MS,
  FACT_CLOSE_AFTER_MS,
  FACTS_WAITING_MAX,
  LOOK_MAX_MS,
  NO_PROGRESS_PAUSE_MS,
} from '../src/domain/limits.ts';
import { createAlarm } from './alarm.ts';
import { perform } from './card-activities.ts';
import type { CardRecord } from './card-record.ts';
import type { CardRun, OpenCard } from './card-run.ts';

/** Applies queued facts until the queue is empty or the run has done enough; returns those that changed nothing. */
export function drain(run: CardRun, card: OpenCard): readonly NumberedFact[] {
  const ignored: NumberedFact[] = [];
  // The cap is checked for each fact: under a steady stream the queue would never be found empty.
  while (!run.mustRenew) {
    const numbered = run.queue.take();
    if (numbered === undefined) break;
    if (card.record.apply(numbered, Date.now()).kind === 'ignored') ignored.push(numbered);
  }
  return ignored;
}

const applyOwn = (card: OpenCard, fact: CardFact): boolean =>
  card.record.apply({ factId: null, fact }, Date.now()).kind === 'moved';

/** Runs the activity of an action. Facts are drained meanwhile; one that ends the phase ends the activity too. */
export async function act(run: CardRun, card: OpenCard, action: CardAction): Promise<void> {
  const { record } = card;
  if (action === 'issueCard' && !(await isIssuingNoted(card))) return;
  const before = record.state;
  const isStillAsked = (state: CardState): boolean => asksFor(action, before, state);
  const outcome = await performWatched(run, card, { action, isStillAsked, limitMs: null });
  if (typeof outcome === 'string') return;
  if (isUsable(run, action, outcome.fact) && applyOwn(card, outcome.fact)) {
    // What came too early for the answer is looked at once more: hints may come in any order.
    for (const { fact } of outcome.tooEarly) applyOwn(card, fact);
    return;
  }
  // An answer that came too late for the phase it was asked in is no reason to pause.
  if (record.state !== before) return;
  const { revision } = record;
  await condition(
    () => run.queue.waiting.length > 0 || record.revision !== revision || run.mustRenew,
    NO_PROGRESS_PAUSE_MS,
    { summary: `${action} changed nothing` },
  );
}

/**
 * Notes, before the first create call, that one may be sent: the save that brings the card into its phase then says
 * so too. Later steps find a card that nobody knows of by this note.
 */
export function noteIssuing({ record }: OpenCard): void {
  const { state } = record;
  const step = nextStep(state);
  if (step.kind !== 'act' || step.action !== 'issueCard') return;
  if (state.phase === 'issuance' && !state.createSent) {
    record.apply({ factId: null, fact: { kind: 'issuing_started' } }, Date.now());
  }
}

/** Saves the note. False when the card moved on meanwhile. */
async function isIssuingNoted(card: OpenCard): Promise<boolean> {
  noteIssuing(card);
  if (card.record.changed) await card.saver.flush();
  const step = nextStep(card.record.state);
  return !card.saver.stale && step.kind === 'act' && step.action === 'issueCard';
}

/** `interrupted`: the card has moved on, or the run is to end. `given_up`: the limit has passed without an answer. */
type Performed =
  | 'interrupted'
  | 'given_up'
  | { readonly fact: CardFact; readonly tooEarly: readonly NumberedFact[] };

/** An activity that facts may overtake. */
interface Watched {
  readonly action: CardAction;
  /** Whether the state that facts have led to still asks for it. */
  readonly isStillAsked: (state: CardState) => boolean;
  /** How long it may take; null where it is repeated until it is done. */
  readonly limitMs: number | null;
}

/** The plan asks for the same still: what a freeze and its end ask of Stripe differs. */
function asksFor(action: CardAction, before: CardState, state: CardState): boolean {
  const step = nextStep(state);
  if (step.kind !== 'act' || step.action !== action) return false;
  return action !== 'mirrorFreeze' || state.freeze.wanted === before.freeze.wanted;
}

async function performWatched(
  run: CardRun,
  card: OpenCard,
  { action, isStillAsked, limitMs }: Watched,
): Promise<Performed> {
  const { record, saver } = card;
  const tooEarly: NumberedFact[] = [];
  const running = start(() => perform(run.argument.cardId, record.state, action));
  const limit = createAlarm();
  limit.set(limitMs === null ? null : Date.now() + limitMs, `${action} is given up`);
  const movedOn = (): boolean => !isStillAsked(record.state) || run.mustRenew;
  const leaving = (): boolean => movedOn() || limit.rang;
  while (running.ending() === undefined && !leaving()) {
    await condition(
      () =>
        running.ending() !== undefined ||
        run.queue.waiting.length > 0 ||
        record.changed ||
        leaving(),
    );
    tooEarly.push(...drain(run, card));
    if (record.changed || isToBeClosed(record, Date.now())) await saver.flush();
  }
  // Most calls end by themselves in less time than a cancellation takes; one that waits for its next try does not.
  await condition(() => running.ending() !== undefined, ACTIVITY_GRACE_MS);
  if (running.ending() === undefined) running.cancel();
  await condition(() => running.ending() !== undefined);
  limit.cancel();
  const ending = running.ending();
  if (ending !== undefined && 'fact' in ending) return { fact: ending.fact, tooEarly };
  // Cancelled because the card moved on, or failed and not repeated for that reason; what the activity may have done
  // is found by the steps that follow.
  if (movedOn()) return 'interrupted';
  if (limit.rang) return 'given_up';
  throw ending?.error;
}

type Ending = { readonly fact: CardFact } | { readonly error: unknown };

/** Runs an activity in a scope of its own, and tells how it ended once it has. */
function start(activity: () => Promise<CardFact>) {
  const scope = new CancellationScope();
  let ending: Ending | undefined;
  scope.run(activity).then(
    (fact) => void (ending = { fact }),
    (error: unknown) => void (ending = { error }),
  );
  return { cancel: () => scope.cancel(), ending: () => ending };
}

/** Waits for facts until the deadline, and then takes the step that the plan names. */
export async function wait(
  run: CardRun,
  card: OpenCard,
  step: Extract<NextStep, { kind: 'wait' }>,
): Promise<void> {
  const { record, saver } = card;
  const nowMs = Date.now();
  const closeAtMs =
    record.unclosedSinceMs === null ? null : record.unclosedSinceMs + FACT_CLOSE_AFTER_MS;
  if (step.untilMs !== null && step.onDeadline !== null && nowMs >= step.untilMs) {
    await deadline(run, card, step.onDeadline);
    return;
  }
  if (isToBeClosed(record, nowMs) || (closeAtMs !== null && nowMs >= closeAtMs)) {
    await saver.flush();
    return;
  }
  const summary = `${record.state.phase}: ${step.onDeadline?.fact.kind ?? 'close facts'}`;
  run.alarm.set(earlier(step.untilMs, closeAtMs), summary);
  const { revision } = record;
  await condition(
    () =>
      run.queue.waiting.length > 0 ||
      run.alarm.rang ||
      record.revision !== revision ||
      run.mustRenew,
  );
}

/** The relay tells a card no more while so many are open, so a crowd of facts without news does not wait to be closed. */
function isToBeClosed(record: CardRecord, nowMs: number): boolean {
  if (record.isToBeClosed(nowMs)) return true;
  const isCrowd = record.unclosedSinceMs !== null && record.unclosed.length >= FACTS_WAITING_MAX;
  // Runs of the code before let a crowd wait like a lone one.
  return isCrowd && patched('crowds-are-closed');
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** An answer of another version of the worker is kept for a person like a signal that makes no sense. */
function isUsable(run: CardRun, action: CardAction, answer: unknown): boolean {
  const problem = factProblem(answer);
  if (problem !== null) run.reject({ what: `answer of ${action}: ${problem}`, factId: null });
  return problem === null;
}

/** What only looks is not waited for without end. What makes something, as a renewal does, is repeated until it is done. */
function limitOf(action: CardAction): number | null {
  const isLook = action === 'readCard' || action === 'readVerification';
  // Runs of the code before have no timer beside their look.
  return isLook && patched('look-is-bounded') ? LOOK_MAX_MS : null;
}

async function deadline(run: CardRun, card: OpenCard, due: DeadlineStep): Promise<void> {
  const { record } = card;
  if (due.action !== undefined) {
    const { phase } = record.state;
    const outcome = await performWatched(run, card, {
      action: due.action,
      isStillAsked: (state) => state.phase === phase,
      limitMs: limitOf(due.action),
    });
    if (outcome === 'interrupted') return;
    if (outcome === 'given_up') log.warn('a look was given up', { action: due.action });
    else if (isUsable(run, due.action, outcome.fact)) applyOwn(card, outcome.fact);
    const step = nextStep(record.state);
    // What Stripe showed may have ended this wait.
    if (step.kind !== 'wait' || step.untilMs === null || Date.now() < step.untilMs) return;
    // Another wait has ended meanwhile: it is for the next turn.
    if (step.onDeadline?.fact.kind !== due.fact.kind) return;
  }
  if (applyOwn(card, due.fact)) return;
  const { revision } = record;
  await condition(
    () => run.queue.waiting.length > 0 || record.revision !== revision || run.mustRenew,
    NO_PROGRESS_PAUSE_MS,
    { summary: `${due.fact.kind} changed nothing` },
  );
}
