/** The running stack of the benchmark, and how the actions of a card are read from Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import {
  createTemporalClient,
  type TemporalClient,
} from '../../src/adapters/temporal/connection.ts';
import { type DemoProgram, openProgram } from '../../src/apps/cli/demo/program.ts';
import { startStack } from '../../src/apps/cli/local/stack.ts';
import type { BenchReport } from '../report.ts';
import { type Actions, countActions, NO_ACTIONS, plus, untilPhase } from './count-actions.ts';
import { type ActiveCard, playPhysicalCard } from './physical-card.ts';

/** 15 minutes in production; short here, so that windows pass while somebody waits. */
export const DIGEST_INTERVAL_MS = 4_000;
/** The memory part keeps 2,000 cards in one worker, and some room. */
const CACHED_WORKFLOWS = 2_500;
/** A history that has not grown for this long is complete; a card's steps are milliseconds apart. */
const QUIET_MS = 1_500;
const LOOK_EVERY_MS = 100;
/** Thousands of cards take minutes to start on a busy machine; longer means that it will not happen. */
const DEADLINE_MS = 600_000;

export type Section = Pick<BenchReport, 'results' | 'bars'>;

export interface Context {
  readonly program: DemoProgram;
  readonly sql: Sql;
  readonly temporal: TemporalClient;
  readonly quick: boolean;
  /** A physical card that has just become active, played once. */
  readonly card: () => Promise<ActiveCard>;
  /** All actions of the card's workflow so far, over all its runs, once it is quiet. */
  readonly actionsOf: (workflowId: string) => Promise<Actions>;
  /** The actions of its first run until it showed the phase. */
  readonly actionsUntil: (workflowId: string, phase: string) => Promise<Actions>;
  /** Waits until the relay has told the workflow what the card has spent. */
  readonly digestsSent: (cardId: string) => Promise<void>;
  close(): Promise<void>;
}

export async function openContext(quick: boolean): Promise<Context> {
  const stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    seed: 1,
    durable: false,
    env: {
      DIGEST_INTERVAL_MS: String(DIGEST_INTERVAL_MS),
      MAX_CACHED_WORKFLOWS: String(CACHED_WORKFLOWS),
    },
  });
  const sql = createSql({ url: stack.databaseUrl, poolSize: 2, name: 'bench' });
  const temporal = createTemporalClient({
    address: stack.urls.temporal,
    namespace: stack.temporalNamespace,
  });
  const program = await openProgram(stack);
  let card: Promise<ActiveCard> | undefined;
  return {
    program,
    sql,
    temporal,
    quick,
    card: () => (card ??= playPhysicalCard(program)),
    actionsOf: (workflowId) => actionsOf(temporal, workflowId),
    async actionsUntil(workflowId, phase) {
      return countActions(untilPhase(await eventsOf(temporal, workflowId), phase));
    },
    digestsSent: (cardId) =>
      until(async () => {
        const [row] = await sql<{ sent: boolean }[]>`
          select sent_revision = revision as sent from card_spending where card_id = ${cardId}`;
        return row?.sent === true;
      }),
    async close() {
      await temporal.close();
      await sql.end();
      await stack.stop();
    },
  };
}

/** Looks until it is so. Throws at the deadline. */
export async function until(look: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error('the benchmark waited in vain');
    await delay(LOOK_EVERY_MS);
  }
}

async function actionsOf(temporal: TemporalClient, workflowId: string): Promise<Actions> {
  let length = -1;
  let quietSinceMs = performance.now();
  await until(async () => {
    const seen = (await eventsOf(temporal, workflowId)).length;
    if (seen !== length) quietSinceMs = performance.now();
    length = seen;
    return performance.now() - quietSinceMs > QUIET_MS;
  });
  let all = NO_ACTIONS;
  let runId: string | undefined;
  do {
    const events: Events = await eventsOf(temporal, workflowId, runId);
    all = plus(all, countActions(events));
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  } while (runId !== '');
  return all;
}

type Events = NonNullable<History['events']>;

async function eventsOf(
  { client }: TemporalClient,
  workflowId: string,
  runId?: string,
): Promise<Events> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return events ?? [];
}
