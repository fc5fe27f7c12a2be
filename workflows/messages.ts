/** Signals and the query of a card's workflow; its updates are the commands of the card contract, in handlers.ts. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import {
  FACTS_SIGNAL,
  type NumberedFact,
  STATE_QUERY,
  UPGRADE_SIGNAL,
} from '../src/domain/card-contract.ts';
import type { CardState } from '../src/domain/card-phase.ts';

export const factsSignal = defineSignal<[readonly NumberedFact[]]>(FACTS_SIGNAL);
export const upgradeSignal = defineSignal(UPGRADE_SIGNAL);
/** The state as the worker has it in memory; null until it is loaded. For people, not for programs. */
export const stateQuery = defineQuery<CardState | null>(STATE_QUERY);
