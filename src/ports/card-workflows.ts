/** The durable workflow of each card, as the processes that talk to it see it. */
import type {
  CardCommandName,
  CardCommands,
  CommandAnswer,
  NumberedFact,
} from '../domain/card-contract.ts';
import type { CardPhase } from '../domain/card-phase.ts';
import type { CardId } from '../domain/ids.ts';

/** Temporal, or the card's worker, did not answer within the deadline. The command may be repeated. */
export class WorkflowsUnavailableError extends Error {
  override readonly name = 'WorkflowsUnavailableError';
}

/** `running`: there was one already, and it was left alone. */
export type StartOutcome = 'started' | 'running';

/** What a new card's workflow is found by; given with the start it costs no action of its own. */
export interface ShownAtStart {
  readonly tenantId: string;
  readonly cardholderId: string;
  readonly phase: CardPhase;
}

export interface CardWorkflows {
  /** Starts the card's workflow, or leaves the running one alone. A closed one is started again. */
  start(cardId: CardId, shown?: ShownAtStart): Promise<StartOutcome>;
  /**
   * Sends a command and waits for its answer; `updateId` makes a repeat return the first answer.
   * A card whose workflow is not running is started first.
   * @throws WorkflowsUnavailableError within 3 s when nobody answers.
   */
  command<N extends CardCommandName>(
    cardId: CardId,
    name: N,
    argument: CardCommands[N],
    updateId: string,
  ): Promise<CommandAnswer>;
  /**
   * Signals facts; starts the workflow when it is not running (a late fact opens a closed card again). Answers with the
   * run that took them, where the server says so.
   * @throws WorkflowsUnavailableError within 3 s when nobody answers.
   */
  sendFacts(cardId: CardId, facts: readonly NumberedFact[]): Promise<string | null>;
}
