/**
 * The workflow of one card: an interpreter of two pure functions. `transition` says what a fact makes of the
 * state, `nextStep` what is to be done in it; both live in src/domain. Everything here is order: load, apply
 * facts, save, then act, wait or end. Because the next step follows from the saved state alone, a run that
 * starts again (after a close, a late fact, a lost namespace) continues exactly where the card stood.
 */
import { allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import type {
  CardWorkflowArgument,
  LoadedCard,
  NumberedFact,
} from '../src/domain/card-contract.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import { nextStep } from '../src/domain/card-plan.ts';
import { records } from './card-activities.ts';
import { type CardRun, createCardRun, type OpenCard } from './card-run.ts';
import { act, drain, noteIssuing, wait } from './card-work.ts';
import { registerHandlers } from './handlers.ts';

export async function cardLifecycle(argument: CardWorkflowArgument): Promise<void> {
  const run = createCardRun(argument);
  registerHandlers(run);
  const loaded = await records.loadCard(argument.cardId);
  const card = run.open(loaded);
  hearCommitted(run, loaded);
  card.show();
  for (;;) {
    drain(run, card);
    noteIssuing(card);
    if (card.record.changed) await card.saver.flush();
    card.show();
    if (run.mustRenew) await renew(run, card);
    else if (run.queue.waiting.length > 0) continue;
    else if (await step(run, card)) return;
  }
}

/** Freezes and cancels are committed in Postgres without us; what the state does not know yet becomes a fact. */
function hearCommitted(run: CardRun, loaded: LoadedCard): void {
  const committed: NumberedFact[] = [];
  if (loaded.frozen !== loaded.state.freeze.wanted) {
    const { frozen, version, frozenBy: by } = loaded;
    const fact: CardFact = {
      kind: 'freeze_changed',
      frozen,
      ...(version === undefined ? {} : { version }),
      ...(by === undefined ? {} : { by }),
    };
    committed.push({ factId: null, fact });
  }
  const { phase } = loaded.state;
  if (loaded.cancelRequested !== null && phase !== 'winding_down' && phase !== 'closed') {
    const fact = { kind: 'cancel_requested', reason: loaded.cancelRequested } as const;
    committed.push({ factId: null, fact });
  }
  if (loaded.spending) {
    // Digests are not saved one by one, so Postgres knows better what the card has spent.
    const fact = { kind: 'spending_digest', ...loaded.spending } as const;
    if (loaded.state.phase === 'active' && loaded.state.purchases < fact.purchases) {
      committed.push({ factId: null, fact });
    }
  }
  run.queue.putBack(committed);
}

/** Takes the next step; true when the card is closed and nothing is left to do. */
async function step(run: CardRun, card: OpenCard): Promise<boolean> {
  const next = nextStep(card.record.state);
  switch (next.kind) {
    case 'act':
      run.alarm.cancel();
      await act(run, card, next.action);
      return false;
    case 'wait':
      await wait(run, card, next);
      return false;
    case 'end':
      run.alarm.cancel();
      return atRest(run, card);
  }
}

async function atRest(run: CardRun, card: OpenCard): Promise<boolean> {
  await card.saver.flush();
  await condition(allHandlersFinished);
  // No await between this look and the end: what comes later than it starts a new run.
  return (
    run.queue.waiting.length === 0 &&
    !card.saver.stale &&
    card.record.savedRevision === card.record.revision &&
    nextStep(card.record.state).kind === 'end'
  );
}

/** Continues as new with the unread queue, once everything is saved and every handler has answered. */
async function renew(run: CardRun, card: OpenCard): Promise<void> {
  const { record, saver } = card;
  await saver.flush();
  await condition(() => allHandlersFinished() && !saver.busy);
  if (saver.stale) {
    // The work on these facts was lost with the state; the new run does it again on the state that counts.
    run.queue.putBack(record.unclosed);
  } else if (record.savedRevision !== record.revision) {
    return;
  }
  await continueAsNew<typeof cardLifecycle>({ ...run.argument, carried: run.carry() });
}
