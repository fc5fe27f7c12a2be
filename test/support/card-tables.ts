/** The tables of docs/state-machines.md as the code has them: what each state does next, and what each command meets. */
import { judgeCommand } from '../../src/domain/card-command.ts';
import type { CardCommandName, CardCommands } from '../../src/domain/card-contract.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import { CARD_STATE_NAMES, CARD_STATES, type CardStateName } from './card-states.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** Each command with an argument that it takes. */
export const COMMANDS = {
  decideKyc: { approved: true },
  retryKyc: {},
  retryIssuance: {},
  correctShipping: {},
  confirmDelivery: {},
  replace: { reason: 'damaged', replacementId: parseCardId('card_next') },
  cancel: { reason: 'requested' },
} as const satisfies CardCommands;
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CardCommandName[];

/** States between which commands see a difference. */
export const COMMAND_STATES = [
  'kyc · pending',
  'kyc · failed',
  'issuance · create',
  'issuance · blocked',
  'issuance · cancel_previous',
  'issuance · await_address',
  'awaiting_delivery',
  'activation',
  'active',
  'winding_down',
  'closed',
] as const satisfies readonly CardStateName[];

export interface DeadlineRow {
  readonly state: CardStateName;
  /** What it does at once, or waits for. */
  readonly does: string;
  readonly afterMs: number | null;
  readonly action: string | null;
  readonly fact: string | null;
}

export const deadlineOf = (state: CardStateName): DeadlineRow => {
  const step = nextStep(CARD_STATES[state](NOW_MS));
  if (step.kind === 'act') {
    return { state, does: step.action, afterMs: null, action: null, fact: null };
  }
  if (step.kind === 'end') return { state, does: 'ends', afterMs: null, action: null, fact: null };
  return {
    state,
    does: 'waits',
    afterMs: step.untilMs === null ? null : step.untilMs - NOW_MS,
    action: step.onDeadline?.action ?? null,
    fact: step.onDeadline?.fact.kind ?? null,
  };
};

/** `6 hours` or `14 days`. */
export function inWords(ms: number): string {
  const hours = ms / HOUR_MS;
  if (hours < 24) return hours === 1 ? '1 hour' : `${hours} hours`;
  return hours === 24 ? '1 day' : `${hours / 24} days`;
}

/** Lines of the Markdown table. */
export function deadlineTable(): readonly string[] {
  const rows = CARD_STATE_NAMES.map(deadlineOf).map((row) => {
    if (row.does !== 'waits') {
      return `| ${row.state} | ${row.does === 'ends' ? 'ends' : `\`${row.does}\``} | | |`;
    }
    const after = row.afterMs === null ? 'for facts only' : inWords(row.afterMs);
    const look = row.action === null ? '' : `\`${row.action}\``;
    const fact = row.fact === null ? '' : `\`${row.fact}\``;
    return `| ${row.state} | waits ${after} | ${look} | ${fact} |`;
  });
  return [
    '| state | does | looks first | then tells itself |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
}

/** The answer of a command in a state: `→ phase` when accepted, or the name of the refusal. */
export function answerIn(state: CardStateName, name: CardCommandName): string {
  const before = CARD_STATES[state](NOW_MS);
  const { answer, fact } = judgeCommand(before, { name, argument: COMMANDS[name] }, NOW_MS);
  if (answer.kind === 'refused') return answer.code;
  return fact === null ? 'known already' : `→ ${answer.phase}`;
}

/** Lines of the Markdown table. */
export function commandTable(): readonly string[] {
  const rows = COMMAND_STATES.map((state) => {
    const cells = COMMAND_NAMES.map((name) => {
      const answer = answerIn(state, name);
      return /^[A-Z_]+$/.test(answer) ? `\`${answer}\`` : answer;
    });
    return `| ${state} | ${cells.join(' | ')} |`;
  });
  return [
    `| state | ${COMMAND_NAMES.map((name) => `\`${name}\``).join(' | ')} |`,
    `| --- | ${COMMAND_NAMES.map(() => '---').join(' | ')} |`,
    ...rows,
  ];
}
