/**
 * Cards that hear thousands of facts go through many runs, and nothing is lost on the way: every fact is closed, and the
 * cumulative digest is right. Once at a cap of the test's, once when the server itself suggests a new run.
 * FACTS_TO_CARD sets how many facts each hears.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CardWorkflowArgument, cardWorkflowId } from '../../src/domain/card-contract.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createRealEnvironment } from './card-environment.ts';
import { type CardWorld, seen } from './card-world.ts';

const FACTS_DEFAULT = 2_000;
const { FACTS_TO_CARD: wanted } = processEnvironment();
const facts = wanted === undefined ? FACTS_DEFAULT : Number(wanted);
/** Some 25 s each; a machine with much else to do may take several times as long. */
const TIMEOUT_MS = 120_000 + facts * 20;

const isDeep = facts > FACTS_DEFAULT;
/** A server begins one run of a workflow a second, so more facts take a cap nearer to the real one. */
const CAP = isDeep ? 1_000 : 100;
/** So many events make the server suggest a new run; its own default takes many thousand facts to show. */
const SUGGESTED_AT_EVENTS = isDeep ? 4_096 : 400;

const SERVER_WAKES_WITHIN = { timeoutMs: 30_000 };

let cards: CardEnvironment;
let factIds = 0;

beforeAll(async () => {
  cards = await createRealEnvironment(
    '--dynamic-config-value',
    `limit.historyCount.suggestContinueAsNew=${SUGGESTED_AT_EVENTS}`,
  );
}, 60_000);
afterAll(() => cards.close());

const digest = (purchases: number): CardFact => ({
  kind: 'spending_digest',
  purchases,
  lastPurchaseMs: 1,
});

/** Every fifth is no news, as most facts of a card are not. */
const factAt = (n: number): CardFact => (n % 5 === 0 ? seen(1, { status: 'active' }) : digest(n));

async function activeCard(argument: Omit<CardWorkflowArgument, 'cardId'>): Promise<CardWorld> {
  const world = await cards.requestedCard('virtual');
  await cards.startWith({ cardId: world.cardId, ...argument });
  await cards.tell(world.cardId, { kind: 'identity_verified' });
  await world.inPhase('active');
  return world;
}

/** Tells `facts` facts in batches of these sizes, in turn, and then something that is saved at once. */
async function tellAll(world: CardWorld, sizes: readonly number[]): Promise<readonly string[]> {
  const sent: string[] = [];
  for (let batch = 0; sent.length < facts; batch += 1) {
    const size = Math.min(sizes[batch % sizes.length] ?? 1, facts - sent.length);
    const from = sent.length + 1;
    const told = Array.from({ length: size }, (_, index) => factAt(from + index));
    sent.push(...(await tellSurely(world, told)));
  }
  sent.push(...(await tellSurely(world, [{ kind: 'freeze_changed', frozen: true }])));
  return sent;
}

/** Sends again what a busy server did not take in time, as the relay does. */
async function tellSurely(world: CardWorld, told: readonly CardFact[]): Promise<readonly string[]> {
  const numbered = told.map((fact) => ({ factId: `f${(factIds += 1)}`, fact }));
  await eventually(async () => {
    await cards.workflows.sendFacts(world.cardId, numbered);
    return true;
  }, SERVER_WAKES_WITHIN);
  return numbered.map(({ factId }) => factId);
}

async function expectNothingLost(world: CardWorld, sent: readonly string[]): Promise<void> {
  // A save is made again when Temporal repeats its task; closing a fact again does nothing in Postgres.
  const closed = () => new Set(world.closedFactIds);
  const open = () => {
    const ids = closed();
    return sent.filter((id) => !ids.has(id));
  };
  const last = sent.at(-1) ?? '';
  await eventually(() => closed().has(last), { timeoutMs: TIMEOUT_MS, everyMs: 200 });
  await eventually(() => open().length === 0, { timeoutMs: 30_000, everyMs: 200 });
  const lastDigest = facts % 5 === 0 ? facts - 1 : facts;
  expect(world.state).toMatchObject({ phase: 'active', purchases: lastDigest });
}

const runsOf = (world: CardWorld): number => world.loads;

test(
  'at the cap of a run, with batches below and above it',
  async () => {
    const world = await activeCard({ factsPerRunMax: CAP });
    const sent = await tellAll(world, [1, 7, CAP + CAP / 2, 40]);
    await expectNothingLost(world, sent);
    expect(runsOf(world)).toBeGreaterThanOrEqual(facts / CAP);
  },
  TIMEOUT_MS,
);

test(
  'at the suggestion of the server, told one by one',
  async () => {
    const world = await activeCard({ factsPerRunMax: Number.MAX_SAFE_INTEGER });
    const sent = await tellAll(world, [1]);
    await expectNothingLost(world, sent);
    expect(runsOf(world)).toBeGreaterThan(1);
    const { raw } = await cards.env.client.workflow
      .getHandle(cardWorkflowId(world.cardId))
      .describe();
    // A task that is under way may add a few to what the server looks at.
    expect(Number(raw.workflowExecutionInfo?.historyLength)).toBeLessThan(2 * SUGGESTED_AT_EVENTS);
  },
  TIMEOUT_MS,
);
