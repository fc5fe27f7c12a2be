/** Which commands a card takes in which phase. The workflow has the last word; this refuses before anything is written. */
import type { CardPhase } from '../../domain/card-phase.ts';
import type { Card } from '../../ports/cards.ts';
import { ApiError } from './errors.ts';

const ALIVE = ['kyc', 'issuance', 'awaiting_delivery', 'activation', 'active'] as const;

const PHASES = {
  freeze: ALIVE,
  unfreeze: ALIVE,
  cancel: ALIVE,
  'set-controls': ALIVE,
  'decide-kyc': ['kyc'],
  'retry-kyc': ['kyc'],
  'retry-issuance': ['issuance'],
  'correct-shipping': ['issuance', 'awaiting_delivery'],
  'confirm-delivery': ['awaiting_delivery'],
} as const satisfies Record<string, readonly CardPhase[]>;

export type CommandName = keyof typeof PHASES;

/** Refuses with 409, naming the phase, when the card is in none that takes the command. */
export function checkPhase(card: Card, command: CommandName): void {
  const allowed: readonly CardPhase[] = PHASES[command];
  if (allowed.includes(card.phase)) return;
  throw new ApiError('WRONG_PHASE', { command, phase: card.phase, allowedIn: [...allowed] });
}
