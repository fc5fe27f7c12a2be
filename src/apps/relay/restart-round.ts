/**
 * Makes sure that every open card has a workflow: a namespace that was lost, or a workflow that somebody ended, is
 * made good from Postgres. One round at the start of the relay and then one a day, a few cards at a time; starting
 * a card whose workflow runs changes nothing.
 */
import { openCards } from '../../adapters/postgres/fact-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { tellAgain } from '../../adapters/postgres/told-again.ts';
import type { CardId } from '../../domain/ids.ts';
import { type CardWorkflows, WorkflowsUnavailableError } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';

/** A day without its workflow delays a card's timers, which count in days; a round costs an action a card. */
const ROUND_EVERY_MS = 24 * 3_600_000;
const CARDS_PER_STEP_MAX = 16;

/**
 * Takes the next step of the round, if one is due. Rejects when Temporal is away, and the step is then taken again;
 * also where a card fails for a reason of its own, which the next round tries again: the others must not wait for it.
 */
export function createRestartRound(sql: Sql, workflows: CardWorkflows, clock: Clock) {
  let after = '';
  let dueMs = clock.nowMs();

  return async (): Promise<boolean> => {
    if (clock.nowMs() < dueMs) return false;
    const cards = await openCards(sql, { after, limit: CARDS_PER_STEP_MAX });
    const { reached, failures } = await startAll(workflows, cards);
    // Also those that run: they may have been started by a step that was interrupted before it told them.
    await tellAgain(sql, reached);
    const away = failures.find((failure) => failure instanceof WorkflowsUnavailableError);
    if (away !== undefined) throw away;
    const isLast = cards.length < CARDS_PER_STEP_MAX;
    after = isLast ? '' : (cards.at(-1) ?? '');
    if (isLast) dueMs = clock.nowMs() + ROUND_EVERY_MS;
    if (failures.length > 0) throw failures[0];
    return !isLast;
  };
}

async function startAll(
  workflows: CardWorkflows,
  cards: readonly CardId[],
): Promise<{ readonly reached: readonly CardId[]; readonly failures: readonly unknown[] }> {
  const outcomes = await Promise.allSettled(cards.map((cardId) => workflows.start(cardId)));
  return {
    reached: cards.filter((_, index) => outcomes[index]?.status === 'fulfilled'),
    failures: outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    ),
  };
}
