/**
 * A whole traffic run with Temporal killed: the books do not need it, so they come out as Stripe's objects say. What
 * happened to the cards meanwhile reaches their workflows once it is back.
 */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFailed } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { DemoProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import {
  makeSpendingCards,
  openChaosProgram,
  type SpendingCard,
} from '../support/chaos/card-program.ts';
import { deliveryFaults } from '../support/chaos/chaos-plan.ts';
import { cancelAtStripe, disturbDeliveries, settled } from '../support/chaos/chaos-run.ts';
import {
  booksThatDiffer,
  ledgerVerdict,
  notAppliedOnce,
  phasesThatDisagree,
  unequalEvents,
} from '../support/chaos/checks.ts';
import { manageProcesses, type ProcessManager } from '../support/chaos/process-manager.ts';
import { startTraffic } from '../support/chaos/traffic-run.ts';
import { eventually } from '../support/eventually.ts';

const SEED = 21;
const CARDS = 9;
const CANCELLED = 3;
const PURCHASES = 150;
const RATE = 10;
const STACK_START_MS = 240_000;
const RUN_MS = 120_000;
const SETTLE_MS = 60_000;
/** Workers and relays wait a little longer with each try. */
const CAUGHT_UP_MS = 90_000;

let stack: Stack;
let program: DemoProgram;
let sql: Sql;
let cards: readonly SpendingCard[];
let manager: ProcessManager;

beforeAll(async () => {
  stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    seed: SEED,
    durable: false,
    env: { WORKFLOW_BUNDLE: inject('workflowBundlePath') },
    keepsWorkflows: true,
  });
  program = await openChaosProgram(stack);
  sql = createSql({ url: stack.databaseUrl, poolSize: 1, name: 'test-temporal-stopped' });
  cards = await makeSpendingCards(program, CARDS, SEED);
  manager = manageProcesses(stack);
}, STACK_START_MS);
afterAll(async () => {
  await manager?.stop();
  await sql?.end();
  await stack?.stop();
});

async function cancelSome(): Promise<readonly string[]> {
  const chosen = cards.slice(0, CANCELLED).map(({ cardId }) => cardId);
  for (const cardId of chosen) {
    const { stripeCard } = await program.api.cards.get(cardId);
    await cancelAtStripe(program, stripeCard?.id ?? '');
  }
  return chosen;
}

const disagreeing = async (): Promise<readonly string[]> =>
  phasesThatDisagree(
    program,
    cards.map(({ cardId }) => cardId),
  );

describe('with Temporal stopped for a whole traffic run', () => {
  let cancelled: readonly string[];

  it(
    "the books are those of Stripe's objects",
    async () => {
      onTestFailed(() => stack.keepLogs());
      await manager.kill('temporal');
      await disturbDeliveries(program, deliveryFaults(0));
      const traffic = startTraffic(program, {
        purchases: PURCHASES,
        rate: RATE,
        cards: CARDS,
        seed: SEED,
      });
      cancelled = await cancelSome();
      for (const { errors, steps } of await traffic.ended) {
        expect(errors).toEqual({});
        expect(steps.left).toBe(0);
      }
      await disturbDeliveries(program, []);
      await settled(program, SETTLE_MS);
      expect(stack.part('temporal').pid()).toBeUndefined();
      expect(await unequalEvents(program, sql)).toEqual([]);
      expect(await notAppliedOnce(program, sql)).toEqual([]);
      expect(await booksThatDiffer(program, cards)).toEqual([]);
      expect(await ledgerVerdict(program)).toBe('right');
    },
    RUN_MS,
  );

  it(
    'the phases catch up once it is back',
    async () => {
      onTestFailed(() => stack.keepLogs());
      // Nobody was there to end them.
      expect((await disagreeing()).length).toBe(cancelled.length);
      await manager.revive('temporal');
      await eventually(
        async () => {
          const found = await disagreeing();
          if (found.length > 0) throw new Error(found.join('; '));
          return true;
        },
        { timeoutMs: CAUGHT_UP_MS, everyMs: 250 },
      );
    },
    CAUGHT_UP_MS,
  );
});
