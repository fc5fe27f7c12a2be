/**
 * No overspend: 64 connections ask two authorizers about one account that has room for half of what they ask, and
 * repeat some requests. Once with credits, captures and releases of the same account beside it, once alone.
 */
import { WORKERS } from '../ledger/apply.ts';
import { captureTemplates } from '../ledger/templates.ts';
import type { Bar, Figures } from '../report.ts';
import type { Context, Section } from './context.ts';
import type { LoadResult } from './load-plan.ts';
import { type Moved, startMovements } from './movements.ts';
import type { Asked } from './request.ts';
import { checkSpending, type SpendingCheck } from './spending-check.ts';

const CONNECTIONS = 64;
const REQUESTS = 20_000;
const REQUESTS_QUICK = 2_000;
/** One request in ten is a repeat, at most so many places behind the first. */
const REPEAT_EVERY = 9;
const REPEAT_WITHIN = 200;
const CARDS = 32;
const CREDIT_LIMIT_MINOR = 50_000;

interface Run {
  readonly load: LoadResult;
  readonly check: SpendingCheck;
  readonly moved: Moved | undefined;
}

export async function overspend(context: Context): Promise<Section> {
  const beside = await spend(context, 'spend_beside', true);
  const alone = await spend(context, 'spend_alone', false);
  const { roomMinor, smallestDeclinedMinor } = alone.check;
  return {
    results: {
      'one account, movements beside': figuresOf(beside),
      'one account, alone': {
        ...figuresOf(alone),
        'room left': roomMinor,
        'smallest declined': smallestDeclinedMinor ?? 'none',
      },
    },
    bars: [
      ...barsOf('spending, movements beside', beside),
      ...barsOf('spending, alone', alone),
      {
        name: 'spending, alone: room left, smallest declined',
        goal: `< ${smallestDeclinedMinor ?? 'none'}`,
        got: String(roomMinor),
        ok: smallestDeclinedMinor !== null && roomMinor < smallestDeclinedMinor,
      },
    ],
  };
}

async function spend(context: Context, name: string, isBeside: boolean): Promise<Run> {
  const requests = context.isQuick ? REQUESTS_QUICK : REQUESTS;
  const asked = withRepeats(context, requests);
  const sumMinor = [...new Map(asked.map((each) => [each.requestId, each.amountMinor])).values()];
  const fundsMinor = Math.floor(sumMinor.reduce((sum, amount) => sum + amount, 0) / 2);
  const database = await context.small(name, { cards: CARDS, accounts: 1, fundsMinor });
  await database.app`update accounts set credit_limit_minor = ${CREDIT_LIMIT_MINOR}`;
  const templates = await captureTemplates();
  const servers = [
    await context.start.authorizer(database.appUrl),
    await context.start.authorizer(database.appUrl),
  ];
  try {
    const pace = { kind: 'closed', connections: CONNECTIONS } as const;
    const plan = context.plan(
      servers.map(({ port }) => port),
      asked,
      pace,
      true,
    );
    const movements = isBeside ? startMovements(database.app, templates, WORKERS) : undefined;
    const load = await context.load.run(plan);
    const moved = await movements?.stop();
    return { load, moved, check: await checkSpending(database.app, load.answers) };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await database.close();
  }
}

/** Every ninth request once more, a little later and to either process. */
function withRepeats(context: Context, count: number): readonly Asked[] {
  const { random } = context;
  const cards = Array.from({ length: CARDS }, (_, card) => card);
  const repeats = Math.floor(count / (REPEAT_EVERY + 1));
  const placed = context.asked(count - repeats, cards).flatMap((asked, place) => {
    const first = { place, asked: { ...asked, target: random.between(0, 1) } };
    if (place % REPEAT_EVERY > 0) return [first];
    const again = { ...asked, target: random.between(0, 1) };
    return [first, { place: place + random.between(1, REPEAT_WITHIN) - 0.5, asked: again }];
  });
  return placed.toSorted((a, b) => a.place - b.place).map(({ asked }) => asked);
}

const figuresOf = ({ load, check, moved }: Run): Figures => ({
  requests: load.requests,
  'answers/s': Math.round(load.requests / load.seconds),
  outcomes: Object.entries(load.outcomes)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', '),
  repeats: check.repeats,
  fallbacks: check.fallbacks,
  'holds of fallbacks': check.holdsOfFallbacks,
  ...moved,
  'p99 ms': load.p99,
  'max ms': load.max,
});

function barsOf(name: string, { check }: Run): readonly Bar[] {
  const none = (what: string, count: number): Bar => ({
    name: `${name}: ${what}`,
    goal: '0',
    got: String(count),
    ok: count === 0,
  });
  return [
    none('holds beyond the room', check.holdsBeyondRoom),
    none('holds and decisions that differ', check.unmatchedHolds),
    none('declines although there was room', check.wrongDeclines),
    none('repeats with another answer', check.differingRepeats),
    none('answers that are not as recorded', check.unrecordedAnswers),
    none('differences in the books', check.differences),
  ];
}
