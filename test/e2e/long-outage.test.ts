/**
 * Forty days without ingress, relay and worker, on the simulator's time: what Stripe made in the first ten is older than
 * what it lists when we come back. The report names exactly those days, and the books are right all the same, because
 * objects are read again where events are gone.
 */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFailed } from 'vitest';
import type { DemoProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import {
  makeSpendingCards,
  openChaosProgram,
  type SpendingCard,
} from '../support/chaos/card-program.ts';
import { cancelAtStripe, control, disturbDeliveries, settled } from '../support/chaos/chaos-run.ts';
import { booksThatDiffer, ledgerVerdict, phasesThatDisagree } from '../support/chaos/checks.ts';
import { dayStates, daysBetween, fillGaps, proveDays } from '../support/chaos/completeness.ts';
import { startTraffic } from '../support/chaos/traffic-run.ts';
import { eventually } from '../support/eventually.ts';

const SEED = 40;
const CARDS = 6;
const PURCHASES = 30;
const RATE = 15;
const OUTAGE_DAYS = 40;
/** Days after the begin of the outage on which cards are used; Stripe lists the events of the last two at its end. */
const ACTIVE_DAYS = [2, 8, 20, 33];
const LISTED_DAYS = 30;
const AWAY = ['ingress', 'relay', 'worker'] as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STACK_START_MS = 240_000;
const TEST_MS = 300_000;
const SETTLE_MS = 90_000;

let stack: Stack;
let program: DemoProgram;
let cards: readonly SpendingCard[];
/** How far the simulator, and the clocks of our processes, are ahead of real time. */
let aheadMs = 0;

/** Noon, so that the test's minutes never pass midnight. */
const untilNoonMs = (): number => DAY_MS - ((Date.now() + DAY_MS / 2) % DAY_MS);
const clockOffset = () => ({ CLOCK_OFFSET_MS: String(aheadMs) });
const simulatedNow = (): Date => new Date(Date.now() + aheadMs);

/** Time passes at Stripe; the authorizer, which goes on deciding, keeps up with it. */
async function pass(ms: number): Promise<void> {
  const seconds = Math.floor(ms / 1_000);
  await control(program, 'POST', '/clock/advance', { seconds });
  aheadMs += seconds * 1_000;
  await stack.part('authorizer').stop();
  await stack.part('authorizer').start(clockOffset());
}

async function spend(seed: number): Promise<void> {
  const wish = { purchases: PURCHASES, rate: RATE, cards: CARDS, seed };
  for (const { errors } of await startTraffic(program, wish).ended) expect(errors).toEqual({});
}

async function cancelOne(): Promise<void> {
  const { stripeCard } = await program.api.cards.get(cards[0]?.cardId ?? '');
  await cancelAtStripe(program, stripeCard?.id ?? '');
}

beforeAll(async () => {
  stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    seed: SEED,
    durable: false,
    env: { WORKFLOW_BUNDLE: inject('workflowBundlePath') },
  });
  program = await openChaosProgram(stack);
  await pass(untilNoonMs());
  for (const part of AWAY) await stack.part(part).stop();
  for (const part of AWAY) await stack.part(part).start(clockOffset());
  cards = await makeSpendingCards(program, CARDS, SEED);
  await spend(1);
  await settled(program, SETTLE_MS);
}, STACK_START_MS);
afterAll(() => stack?.stop());

describe('an outage longer than what Stripe lists', () => {
  it(
    'leaves right books, and a report of exactly the days that events cannot prove',
    async () => {
      onTestFailed(() => stack.keepLogs());
      await fillGaps(program, simulatedNow());
      const begin = simulatedNow();
      await cancelOne();
      for (const part of AWAY) await stack.part(part).stop();
      // Stripe gives a delivery up after three days, and this outage is longer than that for each of them.
      await disturbDeliveries(program, [{ fault: 'drop', share: 1 }]);
      let passed = 0;
      for (const day of [...ACTIVE_DAYS, OUTAGE_DAYS]) {
        await pass((day - passed) * DAY_MS);
        passed = day;
        if (day !== OUTAGE_DAYS) await spend(day);
      }
      await disturbDeliveries(program, []);
      for (const part of AWAY) await stack.part(part).start(clockOffset());

      await eventually(
        async () => {
          const differences = await booksThatDiffer(program, cards);
          if (differences.length > 0) throw new Error(differences.join('\n'));
          return true;
        },
        { timeoutMs: SETTLE_MS, everyMs: 500 },
      );
      await settled(program, SETTLE_MS);
      expect(await ledgerVerdict(program, clockOffset())).toBe('right');
      const cardIds = cards.map(({ cardId }) => cardId);
      await eventually(async () => (await phasesThatDisagree(program, cardIds)).length === 0, {
        timeoutMs: SETTLE_MS,
        everyMs: 500,
      });

      const end = simulatedNow();
      const unprovable: string[] = [];
      for (const day of daysBetween(begin, end)) {
        if ((await dayStates(program, day)).includes('unprovable')) unprovable.push(day);
      }
      // An hour more, because what is about to leave the list is not relied on.
      const listedSince = new Date(end.getTime() - LISTED_DAYS * DAY_MS + HOUR_MS);
      expect(unprovable).toEqual(daysBetween(begin, listedSince));
      await proveDays(program);
      const provable = daysBetween(begin, new Date(end.getTime() - DAY_MS)).slice(
        unprovable.length,
      );
      for (const day of provable) {
        expect([day, ...(await dayStates(program, day))]).toEqual([day, 'whole', 'whole']);
      }
    },
    TEST_MS,
  );
});
