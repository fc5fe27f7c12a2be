/**
 * Nothing is lost: cards spend and come and go on the real stack, Stripe's deliveries are dropped, repeated, delayed and
 * reordered, and ingress, relay, worker, Temporal and Postgres are killed with SIGKILL and started again meanwhile.
 * Afterwards Stripe's side and ours are compared whole. CHAOS_PURCHASES, CHAOS_KILLS and CHAOS_SEED make it longer
 * (`npm run test:chaos`) or the same again.
 */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFailed } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { DemoProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import {
  makeSpendingCards,
  openChaosProgram,
  type SpendingCard,
} from '../support/chaos/card-program.ts';
import { deliveryFaults } from '../support/chaos/chaos-plan.ts';
import {
  beginLives,
  cancelAtStripe,
  control,
  disturbDeliveries,
  killUnderTraffic,
  settled,
} from '../support/chaos/chaos-run.ts';
import {
  booksThatDiffer,
  caughtUp,
  eventsAtStripe,
  ledgerVerdict,
  notAppliedOnce,
  phasesThatDisagree,
  unequalEvents,
} from '../support/chaos/checks.ts';
import { dayStates, daysBetween, fillGaps } from '../support/chaos/completeness.ts';
import { manageProcesses, type ProcessManager } from '../support/chaos/process-manager.ts';
import { startTrafficUntil } from '../support/chaos/traffic-run.ts';
import { eventually } from '../support/eventually.ts';

const environment = processEnvironment();
const numberOf = (name: string, otherwise: number): number => {
  const { [name]: given } = environment;
  return given === undefined ? otherwise : Number(given);
};
const purchases = numberOf('CHAOS_PURCHASES', 260);
const kills = numberOf('CHAOS_KILLS', 5);
const seed = numberOf('CHAOS_SEED', Date.now() % 2 ** 31);

/** Two cores carry so many purchases a second beside everything that restarts. */
const RATE = 10;
/** Created, captured, updated: measured over the plan's scenarios. */
const EVENTS_PER_PURCHASE = 2.6;
/** With this the long form has made 5,000. */
const EVENTS_PER_PURCHASE_MIN = 2.3;
const CARDS = 18;
const LIVES = 6;
/** Of the spending cards: ended by Stripe itself in the middle of the traffic. */
const CANCELLED = 2;
const DROP_SHARE = 0.2;
const STACK_START_MS = 240_000;
/** The traffic, as long again for all that is dead meanwhile, and the repeats of deliveries after it. */
const TIMEOUT_MS = 150_000 + (purchases / RATE) * 2_000 + kills * 15_000;
/** The last repeat of a delivery may come a minute after the one before. */
const SETTLE_MS = 100_000;
/** Every posting is summed anew, beside whatever else the machine does. */
const CHECK_MS = 120_000;
const SECONDS_PER_DAY = 86_400;

let stack: Stack;
let program: DemoProgram;
let sql: Sql;
let cards: readonly SpendingCard[];
let manager: ProcessManager;
let begin: Date;

beforeAll(async () => {
  begin = new Date();
  stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    seed: seed % 1_000_000,
    durable: false,
    env: { WORKFLOW_BUNDLE: inject('workflowBundlePath') },
    keepsWorkflows: true,
  });
  program = await openChaosProgram(stack);
  sql = createSql({ url: stack.databaseUrl, poolSize: 2, name: 'test-chaos' });
  cards = await makeSpendingCards(program, CARDS, seed);
  manager = manageProcesses(stack);
}, STACK_START_MS);
afterAll(async () => {
  await manager?.stop();
  await sql?.end();
  await stack?.stop();
});

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** Stripe ends some of the spending cards. */
async function cancelSome(): Promise<void> {
  for (const { cardId } of cards.slice(0, CANCELLED)) {
    const { stripeCard } = await program.api.cards.get(cardId);
    await cancelAtStripe(program, stripeCard?.id ?? '');
  }
}

describe('a card program whose parts are killed while it spends', () => {
  let all: readonly SpendingCard[];

  it(
    'has every event that Stripe has, each applied once',
    async () => {
      onTestFailed(() => {
        stack.keepLogs();
        tell(`Died by themselves: ${manager.deaths.join('\n') || 'none'}`);
        const again = `CHAOS_SEED=${seed} CHAOS_KILLS=${kills} CHAOS_PURCHASES=${purchases}`;
        tell(`The same again: ${again}. The logs are in ${stack.logs}`);
      });
      await disturbDeliveries(program, deliveryFaults(DROP_SHARE));
      const wish = { purchases, rate: RATE, cards: CARDS, seed };
      let isKilled = false;
      const traffic = startTrafficUntil(program, wish, () => isKilled);
      const lives = beginLives(program, { count: LIVES, seed, deadlineMs: TIMEOUT_MS });
      const done = await killUnderTraffic(program, traffic, {
        manager,
        kills,
        seed,
        events: purchases * EVENTS_PER_PURCHASE,
        timeoutMs: TIMEOUT_MS,
      }).finally(() => {
        isKilled = true;
      });
      await cancelSome();
      for (const { errors, steps } of await traffic.ended) {
        expect(errors).toEqual({});
        expect(steps.left).toBe(0);
      }
      await disturbDeliveries(program, []);
      // What was dropped holds up the cards that wait for it.
      await settled(program, SETTLE_MS);
      await fillGaps(program);
      all = [...cards, ...(await lives.ended)];
      await settled(program, SETTLE_MS);
      await fillGaps(program);
      await settled(program, SETTLE_MS);
      const { size } = await eventsAtStripe(program);
      tell(`${size} events, ${done.length} kills, died by themselves: ${manager.deaths.length}`);
      expect(size).toBeGreaterThan(purchases * EVENTS_PER_PURCHASE_MIN);
      expect(await unequalEvents(program, sql)).toEqual([]);
      // A fifth of the deliveries was dropped, so that the list has brought something.
      expect(await caughtUp(sql)).toBeGreaterThan(0);
      expect(await notAppliedOnce(program, sql)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "has the books of Stripe's final objects and our credits",
    async () => {
      expect(await booksThatDiffer(program, all)).toEqual([]);
      expect(await ledgerVerdict(program)).toBe('right');
    },
    CHECK_MS,
  );

  it("has every card in the phase of Stripe's object", async () => {
    const cardIds = all.map(({ cardId }) => cardId);
    const disagreeing = eventually(
      async () => {
        const found = await phasesThatDisagree(program, cardIds);
        if (found.length > 0) throw new Error(found.join('; '));
        return true;
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    await expect(disagreeing).resolves.toBe(true);
  }, 90_000);

  it(
    'has a completeness report that is whole for every day of the run',
    async () => {
      const days = daysBetween(begin, new Date());
      // A day is proven for good once it is over.
      await control(program, 'POST', '/clock/advance', { seconds: SECONDS_PER_DAY });
      for (const day of days) {
        await fillGaps(program, new Date(day));
        expect(await dayStates(program, day)).toEqual(['whole', 'whole']);
      }
    },
    CHECK_MS,
  );
});
