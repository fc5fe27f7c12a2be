/**
 * Makes sure that every open card has a workflow: a namespace that was lost, or a workflow that somebody ended, is
 * made good from Postgres. One round at the start of the relay and then one a day, a few cards at a time; starting
 * a card whose workflow runs changes nothing.
 */
import { openCards } from '../../adapters/postgres/fact-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { tellAgain } from '../../adapters/postgres/told-again.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';

/** A day without its workflow delays a card's timers, which count in days; a round costs an action a card. */
const ROUND_EVERY_MS = 24 * 3_600_000;
const CARDS_PER_STEP_MAX = 16;

/** Takes the next step of the round, if one is due. Rejects when Temporal is away; the step is then taken again. */
export function createRestartRound(sql: Sql, workflows: CardWorkflows, clock: Clock) {
  let after = '';
  let dueMs = clock.nowMs();

  return async (): Promise<boolean> => {
    if (clock.nowMs() < dueMs) return false;
    const cards = await openCards(sql, { after, limit: CARDS_PER_STEP_MAX });
    const started = await Promise.all(
      cards.map(async (cardId) => ((await workflows.start(cardId)) === 'started' ? [cardId] : [])),
    );
    await tellAgain(sql, started.flat());
    after = cards.at(-1) ?? '';
    if (cards.length === CARDS_PER_STEP_MAX) return true;
    after = '';
    dueMs = clock.nowMs() + ROUND_EVERY_MS;
    return false;
  };
}
