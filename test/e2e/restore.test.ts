/**
 * The namespace is deleted while cards live, with every workflow in it, and made again; then `workflows:restore` runs. Every
 * card ends as it would have. The relay, which gives open cards their workflow when it starts, is away until then.
 */
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  createTemporalClient,
  type TemporalClient,
} from '../../src/adapters/temporal/connection.ts';
import { isCardRunning } from '../../src/adapters/temporal/namespace-look.ts';
import { planDemo } from '../../src/apps/cli/demo/plan.ts';
import { play } from '../../src/apps/cli/demo/run-demo.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import { createIssuingClient, type IssuingClient } from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES } from '../../src/domain/card-contract.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import { phasesOfPlan } from '../support/crash/crash-plan.ts';
import { eventually } from '../support/eventually.ts';
import { runCommand } from '../support/run-command.ts';

const SEED = 3;
const CARDS = 6;
/** By then each card has been requested, and none is where it ends. */
const EVENTS_BEFORE = 14;
const STACK_START_MS = 120_000;
const DEMO_MS = 120_000;
/** Numbers of Temporal's IndexedValueType. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Bool: 5 } as const;

let stack: Stack;
let temporal: TemporalClient;
let api: IssuingClient;

beforeAll(async () => {
  stack = await startStack({ mode: 'throwaway', ports: 'random', seed: SEED, durable: false });
  temporal = createTemporalClient({
    address: stack.urls.temporal,
    namespace: stack.temporalNamespace,
  });
  api = createIssuingClient({ baseUrl: stack.urls.ingress, apiKey: stack.apiKey });
}, STACK_START_MS);
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const openCards = async (): Promise<readonly string[]> => {
  const { data } = await api.cards.list({ limit: 100 });
  return data.filter(({ phase }) => phase !== 'closed').map(({ id }) => id);
};

async function runningCards(): Promise<readonly string[]> {
  const running: string[] = [];
  for (const id of await openCards()) {
    if (await isCardRunning(temporal, parseCardId(id))) running.push(id);
  }
  return running;
}

/** Deletes the namespace and makes it again; resolves once the server has forgotten the workflows of the old one. */
async function loseNamespace(): Promise<void> {
  const { connection } = temporal.client;
  const { temporalNamespace: namespace } = stack;
  await connection.operatorService.deleteNamespace({ namespace });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('24h'),
  });
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]),
    ),
  });
  const isEmpty = async () => (await runningCards()).length === 0;
  await eventually(isEmpty, { timeoutMs: 30_000, everyMs: 200 });
}

it(
  'cards whose workflows are gone go on where they stood, once the command has run',
  async () => {
    const playing = play(stack, { cards: CARDS, seed: SEED }, new AbortController().signal);
    // Awaited at the end; until then a failure of ours comes first.
    playing.catch(() => {});
    await eventually(async () => (await api.inbox.summary()).received >= EVENTS_BEFORE, {
      timeoutMs: DEMO_MS,
    });
    await stack.part('relay').kill('SIGKILL');
    await stack.part('worker').kill('SIGKILL');
    expect((await runningCards()).length).toBeGreaterThan(1);
    await loseNamespace();

    const open = await openCards();
    const { code, output } = await runCommand(['workflows-restore'], {
      DATABASE_URL: stack.databaseUrl,
      TEMPORAL_ADDRESS: stack.urls.temporal,
      TEMPORAL_NAMESPACE: stack.temporalNamespace,
    });
    const counts = /(\d+) open cards: (\d+) started, (\d+) already running, 0 failed/;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(counts) });
    const [, cards = 0, started = 0, running = 0] = (counts.exec(output) ?? []).map(Number);
    expect(cards).toBeGreaterThanOrEqual(open.length);
    // A command of the API may have started one by itself meanwhile.
    expect(started).toBeGreaterThan(1);
    expect(started + running).toBe(cards);
    expect(await runningCards()).toEqual(await openCards());

    await stack.part('worker').start({ WORKFLOW_BUNDLE: inject('workflowBundlePath') });
    await stack.part('relay').start();
    const report = await playing;
    expect(Object.entries(report.invariants).filter(([, holds]) => !holds)).toEqual([]);
    expect(report.cards.map(({ phases }) => phases)).toEqual(
      planDemo(CARDS, SEED).map(phasesOfPlan),
    );
  },
  DEMO_MS,
);
