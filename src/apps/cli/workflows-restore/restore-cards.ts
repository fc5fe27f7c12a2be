/** Gives every open card its workflow, page by page. Knows neither Postgres nor Temporal. */
import type { CardId } from '../../../domain/ids.ts';
import { WorkflowsUnavailableError } from '../../../ports/card-workflows.ts';

/** Cards read at once; small enough that the last line of progress is a good place to go on from. */
const PAGE_CARDS = 100;
/** Calls under way at once: a small server starts some hundred workflows a second with these. */
const CALLS_AT_ONCE = 16;
/** A server that has just come up misses a deadline or two; more is a server that is away. */
const TRIES_MAX = 3;

export interface RestoreSteps {
  /** Ids of open cards after the given one, in the order of their ids. */
  openCards(page: { readonly after: string; readonly limit: number }): Promise<readonly CardId[]>;
  readonly start: (cardId: CardId) => Promise<'started' | 'running'>;
  /** Called with the cards of a page that have their workflow now. */
  onReached(cardIds: readonly CardId[]): Promise<void>;
  /** Called after each page; the last card is where another run may go on. */
  onPage(soFar: Restoration): void;
}

export interface FailedCard {
  readonly cardId: CardId;
  readonly reason: string;
}

export interface Restoration {
  readonly cards: number;
  readonly started: number;
  readonly running: number;
  readonly failed: readonly FailedCard[];
  /** The last card of the last page that was worked off; what `--after` takes. */
  readonly after: string;
  /** Set when nobody answered for any card of a page, so that the rest was not tried. */
  readonly gaveUp: string | null;
}

/** `isAway`: nobody answered, which says nothing about the card. */
type Outcome = 'started' | 'running' | (FailedCard & { readonly isAway: boolean });

export async function restoreCards(after: string, steps: RestoreSteps): Promise<Restoration> {
  let soFar: Restoration = { cards: 0, started: 0, running: 0, failed: [], after, gaveUp: null };
  for (;;) {
    const page = await steps.openCards({ after: soFar.after, limit: PAGE_CARDS });
    if (page.length === 0) return soFar;
    const outcomes = await startAll(page, steps.start);
    const failed = outcomes.filter((outcome) => typeof outcome !== 'string');
    const [first] = failed;
    if (
      first !== undefined &&
      failed.length === page.length &&
      failed.every(({ isAway }) => isAway)
    ) {
      return { ...soFar, gaveUp: first.reason };
    }
    const started = outcomes.filter((outcome) => outcome === 'started');
    await steps.onReached(page.filter((_, index) => typeof outcomes[index] === 'string'));
    soFar = {
      cards: soFar.cards + page.length,
      started: soFar.started + started.length,
      running: soFar.running + page.length - started.length - failed.length,
      failed: [...soFar.failed, ...failed.map(({ cardId, reason }) => ({ cardId, reason }))],
      after: page.at(-1) ?? soFar.after,
      gaveUp: null,
    };
    steps.onPage(soFar);
  }
}

async function startAll(
  page: readonly CardId[],
  start: RestoreSteps['start'],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < page.length; index = next++) {
      const cardId = page[index];
      if (cardId !== undefined) outcomes[index] = await startOne(cardId, start);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, lane));
  return outcomes;
}

async function startOne(cardId: CardId, start: RestoreSteps['start']): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(cardId);
    } catch (error) {
      const isAway = error instanceof WorkflowsUnavailableError;
      if (isAway && tries < TRIES_MAX) continue;
      return { cardId, isAway, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
