/** Card workflows in memory: they remember what they were told and answer as the test wants. */
import type {
  CardCommandName,
  CommandAnswer,
  NumberedFact,
} from '../../src/domain/card-contract.ts';
import { type CardWorkflows, WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';

export interface FakeCardWorkflows extends CardWorkflows {
  /** `down` fails at once, `silent` never answers. */
  mode: 'up' | 'down' | 'silent';
  /** The answer to the next commands. */
  answer: CommandAnswer;
  readonly started: string[];
  readonly facts: { readonly cardId: string; readonly fact: NumberedFact }[];
  readonly commands: {
    readonly cardId: string;
    readonly name: CardCommandName;
    readonly argument: unknown;
    readonly updateId: string;
  }[];
}

export function createFakeCardWorkflows(): FakeCardWorkflows {
  const answersById = new Map<string, CommandAnswer>();
  const reach = async (): Promise<void> => {
    if (fake.mode === 'down') throw new WorkflowsUnavailableError('down');
    if (fake.mode === 'silent') await new Promise(() => {});
  };
  const fake: FakeCardWorkflows = {
    mode: 'up',
    answer: { kind: 'accepted', phase: 'kyc' },
    started: [],
    facts: [],
    commands: [],
    async start(cardId) {
      await reach();
      fake.started.push(cardId);
      return 'started';
    },
    async command(cardId, name, argument, updateId) {
      await reach();
      const earlier = answersById.get(updateId);
      if (earlier !== undefined) return earlier;
      fake.commands.push({ cardId, name, argument, updateId });
      answersById.set(updateId, fake.answer);
      return fake.answer;
    },
    async sendFacts(cardId, facts) {
      await reach();
      for (const fact of facts) fake.facts.push({ cardId, fact });
      return `run of ${cardId}`;
    },
  };
  return fake;
}
