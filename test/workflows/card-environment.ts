/** The time-skipping server with a worker for card workflows, and the product's own client for them. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { makeTelemetryFilterString, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { createCardWorkflows } from '../../src/adapters/temporal/card-workflows.ts';
import {
  CARD_TASK_QUEUE,
  CARD_WORKFLOW_TYPE,
  type CardWorkflowArgument,
  cardWorkflowId,
  SEARCH_ATTRIBUTES,
  STATE_QUERY,
} from '../../src/domain/card-contract.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import type { CardId } from '../../src/domain/ids.ts';
import type { CardWorkflows } from '../../src/ports/card-workflows.ts';
import { eventually } from '../support/eventually.ts';
import { createRealServer } from '../support/real-temporal.ts';
import { temporalTestServerPath } from '../support/temporal-programs.ts';
import { CardWorld, stubActivities } from './card-world.ts';

export interface CardEnvironment {
  readonly env: TestWorkflowEnvironment;
  readonly workflows: CardWorkflows;
  /** A card that was requested just now, in the server's time. */
  requestedCard(type: 'virtual' | 'physical'): Promise<CardWorld>;
  /** Starts a card and waits until its holder is asked to identify. */
  inKyc(type: 'virtual' | 'physical'): Promise<CardWorld>;
  /** Starts a card with an argument of the test's own. */
  startWith(argument: CardWorkflowArgument): Promise<void>;
  /** Sends facts as the relay does, each with a row id of its own. */
  tell(cardId: CardId, ...facts: readonly CardFact[]): Promise<readonly string[]>;
  /** Waits until the workflow has the state that the check wants, whether it is saved or not. */
  shows(world: CardWorld, check: (state: CardState) => boolean): Promise<CardState>;
  /** The details page of the card, as the Temporal UI reads it. */
  details(cardId: CardId): Promise<string>;
  /** Waits until the card's workflow has ended, without skipping time. */
  ended(cardId: CardId): Promise<void>;
  /** The history of the card's current run, as the UI exports it. */
  history(cardId: CardId): Promise<string>;
  /** Stops the worker, and starts one with another bundle of the workflow's code. */
  deploy(code: string): Promise<void>;
  /** Ends the card's workflow if it runs, so that it does not disturb the next test. */
  abandon(cardId: CardId): Promise<void>;
  close(): Promise<void>;
}

/** Numbers of Temporal's IndexedValueType. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Bool: 5 } as const;

const QUERY_DEADLINE_MS = 1_000;

let factIds = 0;

/** Each test file has one; a file that skips time has one for each test, because time is shared. */
export const createCardEnvironment = async (): Promise<CardEnvironment> => {
  installRuntime();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: temporalTestServerPath() } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]),
    ),
  });
  return environmentOn(env);
};

/** The same on a real server, where time takes its time. */
export const createRealEnvironment = async (
  ...serverArgs: readonly string[]
): Promise<CardEnvironment> => {
  installRuntime();
  const env = await createRealServer(...serverArgs);
  return environmentOn(env);
};

function installRuntime(): void {
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({
    logger: quiet,
    telemetryOptions: { logging: { filter, forward: {} } },
  });
}

async function environmentOn(env: TestWorkflowEnvironment): Promise<CardEnvironment> {
  let stopWorker = await startWorker(env, { codePath: inject('workflowBundlePath') });
  const workflows = createCardWorkflows(env.client);
  const requested = async (type: 'virtual' | 'physical'): Promise<CardWorld> =>
    new CardWorld(requestedCard(type, await env.currentTimeMs()));
  const handle = (cardId: CardId) => env.client.workflow.getHandle(cardWorkflowId(cardId));
  const shows = (world: CardWorld, check: (state: CardState) => boolean): Promise<CardState> =>
    eventually(
      async () => {
        // A query that meets the end of a run may never be answered, so each try is bounded.
        const state = await env.connection.withDeadline(Date.now() + QUERY_DEADLINE_MS, () =>
          handle(world.cardId).query<CardState | null>(STATE_QUERY),
        );
        return state !== null && check(state) ? state : undefined;
      },
      { timeoutMs: 20_000 },
    );
  return {
    env,
    workflows,
    requestedCard: requested,
    async inKyc(type) {
      const world = await requested(type);
      await workflows.start(world.cardId);
      await shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
      return world;
    },
    async startWith(argument) {
      await env.client.workflow.start(CARD_WORKFLOW_TYPE, {
        workflowId: cardWorkflowId(argument.cardId),
        taskQueue: CARD_TASK_QUEUE,
        args: [argument],
        // As the relay and the API start it: a task that the test server has lost at the end of a run comes again sooner
        // than a test gives up.
        workflowTaskTimeout: '5s',
      });
    },
    async tell(cardId, ...facts) {
      const numbered = facts.map((fact) => ({ factId: String(++factIds), fact }));
      await workflows.sendFacts(cardId, numbered);
      return numbered.map(({ factId }) => factId);
    },
    async ended(cardId) {
      // Waiting for the result would skip to the end of all timers, years ahead of the next test.
      const closed = async () => (await handle(cardId).describe()).status.name === 'COMPLETED';
      await eventually(closed, { timeoutMs: 10_000 });
    },
    shows,
    async details(cardId) {
      const metadata = await handle(cardId).query<{ currentDetails?: string }>(
        '__temporal_workflow_metadata',
      );
      return metadata.currentDetails ?? '';
    },
    history: async (cardId) => historyToJSON(await handle(cardId).fetchHistory()),
    async abandon(cardId) {
      await handle(cardId)
        .terminate()
        .catch(() => {});
    },
    async deploy(code) {
      await stopWorker();
      stopWorker = await startWorker(env, { code });
    },
    async close() {
      await stopWorker();
      await env.teardown();
      await Runtime.instance().shutdown();
    },
  };
}

async function startWorker(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkerOptions['workflowBundle'] & object,
): Promise<() => Promise<void>> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    taskQueue: CARD_TASK_QUEUE,
    workflowBundle,
    activities: stubActivities,
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
  };
}
