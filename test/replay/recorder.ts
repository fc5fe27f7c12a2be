/** What a recording needs of a server on which cards live for a moment, and the pen that writes their histories down. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  type CardCommandName,
  type CardCommands,
  type CommandAnswer,
  cardWorkflowId,
} from '../../src/domain/card-contract.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import { CARD_STATES, type CardStateName } from '../support/card-states.ts';
import { eventually } from '../support/eventually.ts';
import type { CardEnvironment } from '../workflows/card-environment.ts';
import { CardWorld } from '../workflows/card-world.ts';
import { writeRecording } from './history-files.ts';

/** Time takes its time here, so a card starts this long before its deadline. */
const SOON_MS = 3_000;

export interface Recorder {
  readonly cards: CardEnvironment;
  /** Sends a command under its own name: a second one of that name is a repeat. */
  command<N extends CardCommandName>(
    world: CardWorld,
    name: N,
    argument: CardCommands[N],
  ): Promise<CommandAnswer>;
  signal(world: CardWorld, name: string, argument?: unknown): Promise<void>;
  runId(world: CardWorld): Promise<string>;
  /** Waits until another run has taken over from the one named. */
  renewed(world: CardWorld, runId: string): Promise<void>;
  /** Writes the history of a run down: of the one named, or of the present one. */
  keep(name: string, world: CardWorld, runId?: string): Promise<void>;
}

/** `generation` leads the names of the files. */
export function createRecorder(generation: string, cards: CardEnvironment): Recorder {
  const handle = ({ cardId }: CardWorld, runId?: string) =>
    cards.env.client.workflow.getHandle(cardWorkflowId(cardId), runId);
  const runId = async (world: CardWorld): Promise<string> => (await handle(world).describe()).runId;
  return {
    cards,
    command: (world, name, argument) => cards.workflows.command(world.cardId, name, argument, name),
    signal: (world, name, ...argument) => handle(world).signal(name, ...argument),
    runId,
    async renewed(world, before) {
      await eventually(async () => (await runId(world)) !== before);
    },
    async keep(name, world, run) {
      // A history taken in the middle of a task cannot be replayed.
      await eventually(async () => {
        const { raw } = await handle(world, run).describe();
        return (raw.pendingActivities ?? []).length === 0 && !raw.pendingWorkflowTask;
      });
      const history = await handle(world, run).fetchHistory();
      await writeRecording(`${generation}-${name}.json`, historyToJSON(history));
    },
  };
}

/** A card as its last save left it, `afterMs` ago but for a moment: its deadline is about to pass. */
export const nearDeadline = (
  name: CardStateName,
  afterMs: number,
  change: (state: CardState) => CardState = (state) => state,
): CardWorld => new CardWorld(change(CARD_STATES[name](Date.now() - afterMs + SOON_MS)));

/** The time at which a deadline passes that is to be met soon. */
export const soonMs = (): number => Date.now() + SOON_MS;
