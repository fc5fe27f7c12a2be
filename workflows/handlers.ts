/**
 * The handlers of a card's workflow. Signal handlers only append and never throw: an error there would fail the
 * workflow, or block it until the code is fixed. Update handlers answer with the committed transition.
 */
import {
  ApplicationFailure,
  condition,
  currentUpdateInfo,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { commandShapeProblem, judgeCommand } from '../src/domain/card-command.ts';
import type { CardCommandName, CardCommands, CommandAnswer } from '../src/domain/card-contract.ts';
import { shownName } from '../src/domain/fact-shape.ts';
import type { CardRun } from './card-run.ts';
import { factsSignal, stateQuery, upgradeSignal } from './messages.ts';

/** Registers every handler; called before the first `await`, so that nothing sent with the start is missed. */
export function registerHandlers(run: CardRun): void {
  setHandler(factsSignal, (batch) => guarded(run, () => hear(run, batch)), {
    description: 'Facts that the relay learned about this card',
  });
  setHandler(upgradeSignal, () => guarded(run, () => void (run.upgradeWanted = true)), {
    description: 'Continue as new at the next safe point, to pick up new code',
  });
  setDefaultSignalHandler((name) =>
    guarded(run, () => run.reject(without(`a signal ${shownName(name)} that is not known`))),
  );
  setHandler(stateQuery, () => run.card?.record.state ?? null, {
    description: 'The state of the card',
  });
  registerCommand(run, 'decideKyc', 'A person decides about the KYC of the cardholder');
  registerCommand(run, 'retryKyc', 'The customer may try KYC again');
  registerCommand(run, 'retryIssuance', 'What Stripe had asked for is settled');
  registerCommand(run, 'correctShipping', 'A corrected address is stored with the card');
  registerCommand(run, 'confirmDelivery', 'The cardholder has the card in hand');
  registerCommand(
    run,
    'replace',
    'Another card, whose row is written, takes the place of this one',
  );
  registerCommand(run, 'cancel', 'Cancel the card for good');
}

function hear(run: CardRun, batch: unknown): void {
  for (const unusable of run.queue.hear(batch)) run.reject(unusable);
}

function guarded(run: CardRun, handle: () => void): void {
  try {
    handle();
  } catch (error) {
    run.reject(without(`a handler failed: ${String(error).slice(0, 200)}`));
  }
}

/** Of a message that has no row in `facts`. */
const without = (what: string) => ({ what, factId: null });

function registerCommand<N extends CardCommandName>(
  run: CardRun,
  name: N,
  description: string,
): void {
  const definition = defineUpdate<CommandAnswer, [CardCommands[N]]>(name);
  setHandler(definition, (argument: CardCommands[N]) => command(run, name, argument), {
    description,
    // Looks at the shape only: the phase is not known before the card is loaded.
    validator: (argument: CardCommands[N]) => {
      const problem = commandShapeProblem(name, argument);
      if (problem !== null) throw ApplicationFailure.nonRetryable(problem, 'INVALID_COMMAND');
    },
  });
}

/** Applies a command as one fact, and answers once Postgres has it. Never waits for Stripe. */
async function command<N extends CardCommandName>(
  run: CardRun,
  name: N,
  argument: CardCommands[N],
): Promise<CommandAnswer> {
  const updateId = currentUpdateInfo()?.id ?? '';
  await condition(() => run.card !== undefined);
  const { card } = run;
  if (card === undefined) throw ApplicationFailure.retryable('the card is not loaded');
  const earlier = run.answerOf(updateId);
  if (earlier !== undefined) return earlier;
  const nowMs = Date.now();
  const { answer, fact } = judgeCommand(card.record.state, { name, argument }, nowMs);
  if (fact !== null) {
    card.record.apply({ factId: null, fact }, nowMs);
    // Before the save: it brings the answer with the effect.
    run.remember(updateId, answer);
    await card.saver.flush();
    if (card.saver.stale) {
      run.forget(updateId);
      throw ApplicationFailure.retryable('the card is being loaded again', 'STALE_STATE');
    }
  }
  run.remember(updateId, answer);
  return answer;
}
