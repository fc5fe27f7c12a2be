/**
 * How long an event takes through the whole running stack, at 50 events a second: until it is in the books, and until a
 * delivered card's workflow has moved it on. Times count from when an event was due, so that waiting shows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { liveCard } from '../../src/apps/cli/demo/journey.ts';
import { planDemo } from '../../src/apps/cli/demo/plan.ts';
import { type DemoProgram, openProgram } from '../../src/apps/cli/demo/program.ts';
import { startStack } from '../../src/apps/cli/local/stack.ts';
import type { Section } from '../authorizer/context.ts';
import type { Bar, Figures } from '../report.ts';
import { type Parcel, shipParcel } from './parcels.ts';
import { sendCaptures } from './sent-captures.ts';

const EVENTS_PER_SECOND = 50;
const BOOKS_GOAL_MS = 300;
const PHASE_GOAL_MS = 1_000;
const CARDS = 20;
const AT_ONCE = 8;
const FUNDS_MINOR = 1_000_000_000;
/** The relay, the drivers and the server's plans are warm after this. */
const WARM_UP_S = 5;
const FULL = { seconds: 60, parcels: 60, everyMs: 500 };
const QUICK = { seconds: 4, parcels: 4, everyMs: 500 };
const LOOK_EVERY_MS = 4;
const ARRIVED_WITHIN_MS = 30_000;

/** The context of all sections, as far as these need it: they bring a stack of their own. */
interface Wish {
  readonly isQuick: boolean;
}

interface Running {
  readonly program: DemoProgram;
  readonly sql: Sql;
  /** Active, with funds. */
  readonly stripeCards: readonly string[];
}

/** From receipt to the books. */
export const toBooks = ({ isQuick }: Wish): Promise<Section> =>
  onStack(async ({ program: { stack }, sql, stripeCards }) => {
    const sending = { stack, sql, stripeCards, perSecond: EVENTS_PER_SECOND };
    await sendCaptures({ ...sending, seconds: WARM_UP_S });
    const { seconds } = isQuick ? QUICK : FULL;
    const { answered, booked } = await sendCaptures({ ...sending, seconds });
    return {
      baselines: { 'to the answer, at 50/s': figuresOf(answered) },
      results: { 'to the books, at 50/s': figuresOf(booked) },
      bars: [barOf('to the books, p95', booked, BOOKS_GOAL_MS)],
    };
  });

/** From receipt to the workflow's phase, while the books take 50 events a second. */
export const toPhase = ({ isQuick }: Wish): Promise<Section> =>
  onStack(async ({ program, sql, stripeCards }) => {
    const { stack } = program;
    const plan = isQuick ? QUICK : FULL;
    const parcels = await inLanes(plan.parcels, (number) => shipParcel(program, number));
    const over = new AbortController();
    const load = sendCaptures({
      stack,
      sql,
      stripeCards,
      perSecond: EVENTS_PER_SECOND,
      seconds: Number.POSITIVE_INFINITY,
      signal: over.signal,
    });
    await delay(WARM_UP_S * 1_000);
    const arrivals: Promise<number>[] = [];
    for (const parcel of parcels) {
      arrivals.push(deliver(program, sql, parcel));
      await delay(plan.everyMs);
    }
    const moved = await Promise.all(arrivals);
    over.abort();
    const { booked } = await load;
    return {
      baselines: { 'to the books, beside it': figuresOf(booked) },
      results: { 'to the phase, of a delivery': figuresOf(moved) },
      bars: [barOf('to the phase, p95', moved, PHASE_GOAL_MS)],
    };
  });

/** From telling the simulator until the card's row says that its workflow went on. */
async function deliver(
  { stripe }: DemoProgram,
  sql: Sql,
  { cardId, stripeCardId }: Parcel,
): Promise<number> {
  const startedAt = performance.now();
  await stripe.testHelpers.issuing.cards.deliverCard(stripeCardId);
  for (;;) {
    const [row] = await sql<{ phase: string }[]>`select phase from cards where card_id = ${cardId}`;
    const took = performance.now() - startedAt;
    if (row?.phase !== 'awaiting_delivery') return took;
    if (took > ARRIVED_WITHIN_MS) throw new Error(`${cardId} did not hear of its delivery`);
    await delay(LOOK_EVERY_MS);
  }
}

/** A server that is durable as in production, Temporal's workflows on disk. */
async function onStack(work: (running: Running) => Promise<Section>): Promise<Section> {
  const stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    seed: 1,
    keepsWorkflows: true,
  });
  const sql = createSql({ url: stack.databaseUrl, poolSize: 4, name: 'bench' });
  try {
    const program = await openProgram(stack);
    const stripeCards = await inLanes(CARDS, (number) => makeCard(program, number));
    return await work({ program, sql, stripeCards });
  } finally {
    await sql.end();
    await stack.stop();
  }
}

/** Every demo plan is another turn; here all are the plain one. */
async function makeCard(program: DemoProgram, number: number): Promise<string> {
  const [plain] = planDemo(1, 1);
  if (plain === undefined) throw new Error('one card was planned');
  const plan = { ...plain, number: number + 1, fundsMinor: FUNDS_MINOR, purchases: [] };
  const { signal } = new AbortController();
  const { cardId } = await liveCard(plan, { program, signal, onCard: () => {} });
  const { stripeCard } = await program.api.cards.get(cardId);
  return stripeCard?.id ?? '';
}

/** The results of `make` for 0 up to `count`, some at a time. */
async function inLanes<T>(
  count: number,
  make: (number: number) => Promise<T>,
): Promise<readonly T[]> {
  const made: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      made.push(await make(next - 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return made;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

const figuresOf = (values: readonly number[]): Figures => ({
  n: values.length,
  'p50 ms': rounded(percentile(values, 0.5)),
  'p95 ms': rounded(percentile(values, 0.95)),
  'p99 ms': rounded(percentile(values, 0.99)),
  'max ms': rounded(Math.max(...values)),
});

function barOf(name: string, values: readonly number[], goalMs: number): Bar {
  const got = rounded(percentile(values, 0.95));
  return { name, goal: `<= ${goalMs} ms`, got: `${got} ms`, ok: got <= goalMs };
}
