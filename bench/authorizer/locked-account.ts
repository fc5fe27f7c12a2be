/**
 * One account's row is locked by another session for 10 s while requests come steadily: how much longer the others
 * wait, beside the same load without the lock.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../report.ts';
import { accountOfCardNumber, LIMITED } from './cards.ts';
import type { Context, Section } from './context.ts';
import { PER_SECOND, steady } from './fixed-rate.ts';
import type { Answer } from './load-plan.ts';
import { percentilesOf } from './load-summary.ts';
import type { Measured } from './measured.ts';
import type { Asked } from './request.ts';

const FULL = { rounds: 2, lockMs: 10_000 };
const QUICK = { rounds: 1, lockMs: 2_000 };
/** Requests before the lock and after it. */
const MARGIN_MS = 500;
const WARM_UP_MS = 2_000;
/** One request in twenty is about the locked account. */
const LOCKED_EVERY = 20;
const GROWTH_GOAL_MS = 10;

interface Run {
  /** Asked while the lock was held, or would have been. */
  readonly others: readonly Answer[];
  readonly locked: readonly Answer[];
}

export async function lockedAccount(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const server = await context.start.authorizer(context.database.appUrl);
  try {
    // A process that has just started compiles what it runs.
    await runOnce(context, server, { lockMs: WARM_UP_MS, isLocked: false });
    const without: Run[] = [];
    const withLock: Run[] = [];
    for (let round = 0; round < plan.rounds; round += 1) {
      without.push(await runOnce(context, server, { lockMs: plan.lockMs, isLocked: false }));
      withLock.push(await runOnce(context, server, { lockMs: plan.lockMs, isLocked: true }));
    }
    const p99 = (runs: readonly Run[]): number =>
      percentilesOf(runs.flatMap(({ others }) => others))(0.99);
    const growth = Math.round((p99(withLock) - p99(without)) * 10) / 10;
    const locked = withLock.flatMap((run) => run.locked);
    const late = locked.filter(({ tookMs }) => tookMs > 500).length;
    return {
      baselines: { 'other accounts, no lock': figuresOf(without.flatMap((run) => run.others)) },
      results: {
        'other accounts, one locked': figuresOf(withLock.flatMap((run) => run.others)),
        'the locked account': { ...figuresOf(locked), 'above 500 ms': late },
      },
      bars: [
        {
          name: "growth of the others' p99",
          goal: `<= ${GROWTH_GOAL_MS} ms`,
          got: `${growth} ms`,
          ok: growth <= GROWTH_GOAL_MS,
        },
        {
          name: 'locked account, answers above 500 ms',
          goal: '0',
          got: String(late),
          ok: late === 0,
        },
      ],
    };
  } finally {
    await server.stop();
  }
}

async function runOnce(
  context: Context,
  server: Measured,
  { lockMs, isLocked }: { readonly lockMs: number; readonly isLocked: boolean },
): Promise<Run> {
  const [lockedCard = 0, ...cards] = LIMITED.spread;
  const count = Math.ceil(((lockMs + 2 * MARGIN_MS) / 1000) * PER_SECOND);
  const toLocked = new Set<Asked>();
  const asked = context.asked(count, cards).map((each, index) => {
    if (index % LOCKED_EVERY > 0) return each;
    const [other = each] = context.asked(1, [lockedCard]);
    toLocked.add(other);
    return other;
  });
  const lock = { fromMs: 0, toMs: 0 };
  let held: Promise<void> | undefined;
  const hold = async (): Promise<void> => {
    await delay(MARGIN_MS);
    const account = isLocked ? accountOfCardNumber(lockedCard) : 'none';
    await context.database.owner.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${account} for update`;
      lock.fromMs = Date.now();
      await delay(lockMs);
      lock.toMs = Date.now();
    });
  };
  const { answers } = await context.load.run(
    context.plan(server.port, asked, steady(), true),
    () => {
      held = hold();
      return Promise.resolve();
    },
  );
  await held;
  const during = answers.flatMap((answer, index) => {
    const isDuring = answer.askedAtMs >= lock.fromMs && answer.askedAtMs < lock.toMs;
    const of = asked[index];
    return isDuring && of !== undefined ? [{ answer, isToLocked: toLocked.has(of) }] : [];
  });
  return {
    others: during.filter((each) => !each.isToLocked).map(({ answer }) => answer),
    locked: during.filter((each) => each.isToLocked).map(({ answer }) => answer),
  };
}

function figuresOf(answers: readonly Answer[]): Figures {
  const percentile = percentilesOf(answers);
  const fallbacks = answers.filter(({ decisionId }) => decisionId === null).length;
  return {
    requests: answers.length,
    'p50 ms': percentile(0.5),
    'p99 ms': percentile(0.99),
    'max ms': percentile(1),
    'without an answer of Postgres': fallbacks,
  };
}
