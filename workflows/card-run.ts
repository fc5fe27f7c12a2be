/** Everything one run of a card's workflow holds: what it heard, its record once loaded, and its wish to end. */
import { log, workflowInfo } from '@temporalio/workflow';
import type {
  CardWorkflowArgument,
  CarriedState,
  CommandAnswer,
  LoadedCard,
} from '../src/domain/card-contract.ts';
import {
  FACTS_CARRIED_MAX,
  FACTS_PER_RUN_MAX,
  UPDATES_REMEMBERED_MAX,
  UPDATES_SAVED_MAX,
} from '../src/domain/limits.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { CardRecord } from './card-record.ts';
import { createFactQueue, type FactQueue, type Unusable } from './fact-queue.ts';
import { createSaver, type Saver } from './saver.ts';
import { createVisibility } from './visibility.ts';

/** What exists once `loadCard` has returned. */
export interface OpenCard {
  readonly record: CardRecord;
  readonly saver: Saver;
  readonly show: () => void;
}

export interface CardRun {
  readonly argument: CardWorkflowArgument;
  readonly queue: FactQueue;
  readonly alarm: Alarm;
  /** Undefined until the card is loaded. */
  readonly card: OpenCard | undefined;
  open(loaded: LoadedCard): OpenCard;
  upgradeWanted: boolean;
  /** A message that nobody can work with: logged, shown, and kept for a person with the next save; never thrown. */
  reject(unusable: Unusable): void;
  answerOf(updateId: string): CommandAnswer | undefined;
  remember(updateId: string, answer: CommandAnswer): void;
  /** Its effect was not saved, so it was not decided. */
  forget(updateId: string): void;
  /** True when this run should end and a new one begin: history is long, enough was done, or new code waits. */
  readonly mustRenew: boolean;
  carry(): CarriedState;
}

export function createCardRun(argument: CardWorkflowArgument): CardRun {
  const queue = createFactQueue(argument.carried);
  const finished = new Map<string, CommandAnswer>(
    argument.carried?.finishedUpdates.map(({ id, answer }) => [id, answer]),
  );
  const cap = argument.factsPerRunMax ?? FACTS_PER_RUN_MAX;
  const early: Unusable[] = [];
  let card: OpenCard | undefined;

  function open(loaded: LoadedCard): OpenCard {
    const record = new CardRecord(loaded, argument.carried?.history);
    const visibility = createVisibility(loaded);
    for (const unusable of early.splice(0)) record.reject(unusable);
    const show = (): void => visibility.show(record);
    for (const { id, answer } of loaded.answers ?? []) {
      if (!finished.has(id)) finished.set(id, answer);
    }
    const answers = () =>
      [...finished].slice(-UPDATES_SAVED_MAX).map(([id, answer]) => ({ id, answer }));
    card = { record, show, saver: createSaver(record, answers, show) };
    return card;
  }

  return {
    argument,
    queue,
    alarm: createAlarm(),
    upgradeWanted: false,
    open,
    get card() {
      return card;
    },
    reject(unusable) {
      log.warn('a message could not be used', { ...unusable });
      if (card === undefined) early.push(unusable);
      else card.record.reject(unusable);
    },
    answerOf: (updateId) => finished.get(updateId),
    forget: (updateId) => void finished.delete(updateId),
    remember(updateId, answer) {
      finished.set(updateId, answer);
      const [oldest] = finished.keys();
      if (finished.size > UPDATES_REMEMBERED_MAX && oldest !== undefined) finished.delete(oldest);
    },
    get mustRenew() {
      if (this.upgradeWanted || card?.saver.stale === true) return true;
      if (queue.waiting.length > FACTS_CARRIED_MAX) return false;
      return workflowInfo().continueAsNewSuggested || (card?.record.appliedInRun ?? 0) >= cap;
    },
    carry: () => ({
      queue: [...queue.waiting],
      finishedUpdates: [...finished].map(([id, answer]) => ({ id, answer })),
      seenFactIds: queue.seenFactIds,
      history: card?.record.history ?? [],
    }),
  };
}
