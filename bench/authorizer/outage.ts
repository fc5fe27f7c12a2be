/**
 * Postgres goes away under a steady load: halted for 5 s, killed, and restarted. Every request is answered in time and
 * none approved without Postgres; decisions come again soon after its return, and the books are true afterwards.
 */

import type { Database } from '../cluster.ts';
import type { Bar, Figures } from '../report.ts';
import { differencesIn } from './books.ts';
import type { Context, Section } from './context.ts';
import { type Fault, faults, whenItAnswers } from './faults.ts';
import { PER_SECOND, steady } from './fixed-rate.ts';
import type { Answer, LoadResult } from './load-plan.ts';
import type { Measured } from './measured.ts';

const CARDS = 1_000;
/** Requests before the fault, and after it should have ended. */
const FULL = { beforeS: 2, afterS: 8, haltedS: 5 };
const QUICK = { beforeS: 1, afterS: 4, haltedS: 2 };
const RESUME_GOAL_MS = 2_000;
/** Decisions have resumed when so many requests in a row were decided by Postgres: a tenth of a second. */
const RESUMED_AFTER = 20;

interface Outage {
  readonly load: LoadResult;
  /** From Postgres' return until decisions had resumed. */
  readonly resumedMs: number;
  readonly awayMs: number;
  readonly unbacked: number;
  readonly differences: number;
  readonly lastFallbackMs: number;
}

export async function outage(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const database = await context.small('outage', { cards: CARDS, accounts: CARDS });
  const server = await context.start.authorizer(database.appUrl);
  try {
    const outages: [string, Outage][] = [];
    for (const fault of faults(plan.haltedS)) {
      outages.push([
        `Postgres ${fault.name}`,
        await suffer(context, { plan, database, server, fault }),
      ]);
    }
    return {
      results: Object.fromEntries(outages.map(([name, measured]) => [name, figuresOf(measured)])),
      bars: outages.flatMap(([name, measured]) => barsOf(name, measured)),
    };
  } finally {
    await server.stop();
    await database.close();
  }
}

interface Suffering {
  readonly plan: typeof FULL;
  readonly database: Database;
  readonly server: Measured;
  readonly fault: Fault;
}

async function suffer(
  context: Context,
  { plan, database, server, fault }: Suffering,
): Promise<Outage> {
  // Otherwise the recovery would replay all that the benchmark has written so far.
  await database.owner.unsafe('checkpoint');
  const cards = Array.from({ length: CARDS }, (_, card) => card);
  const seconds = plan.beforeS + fault.lastsS + plan.afterS;
  const requests = context.plan(
    server.port,
    context.asked(seconds * PER_SECOND, cards),
    steady(),
    true,
  );
  const times = { awayMs: 0, backMs: 0 };
  let happened: Promise<void> | undefined;
  const happen = async (): Promise<void> => {
    await new Promise((resolve) => {
      setTimeout(resolve, plan.beforeS * 1000);
    });
    times.awayMs = Date.now();
    await fault.begin(context.cluster.server);
    const answers = fault.end(context.cluster.server);
    times.backMs = await whenItAnswers(database.appUrl);
    await answers;
  };
  const load = await context.load.run(requests, () => {
    happened = happen();
    return Promise.resolve();
  });
  await happened;
  const after = load.answers.filter(({ askedAtMs }) => askedAtMs >= times.awayMs);
  const fallbacks = load.answers.filter(({ decisionId }) => decisionId === null);
  return {
    load,
    awayMs: times.backMs - times.awayMs,
    resumedMs: Math.max(0, resumedAt(after, times.backMs) - times.backMs),
    lastFallbackMs: Math.max(0, ...fallbacks.map((each) => each.askedAtMs - times.backMs)),
    unbacked: await countUnbacked(database, load.answers),
    differences: (await differencesIn(database.app)).length,
  };
}

/** When the first of many requests in a row was answered that Postgres decided after its return. */
function resumedAt(answers: readonly Answer[], backMs: number): number {
  const later = answers.filter(({ askedAtMs, tookMs }) => askedAtMs + tookMs >= backMs);
  const isResumed = (from: number): boolean => {
    const some = later.slice(from, from + RESUMED_AFTER);
    return some.length === RESUMED_AFTER && some.every(({ decisionId }) => decisionId !== null);
  };
  const first = later[later.findIndex((_, index) => isResumed(index))];
  return first === undefined ? Number.POSITIVE_INFINITY : first.askedAtMs + first.tookMs;
}

/** Approvals that name no approval in the table. */
async function countUnbacked({ app }: Database, answers: readonly Answer[]): Promise<number> {
  const rows = await app<
    { decision_id: string }[]
  >`select decision_id from decisions where approved`;
  const approved = new Set(rows.map((row) => row.decision_id));
  return answers.filter(
    (answer) => answer.approved && !(answer.decisionId !== null && approved.has(answer.decisionId)),
  ).length;
}

const figuresOf = ({ load, awayMs, resumedMs, lastFallbackMs }: Outage): Figures => ({
  requests: load.requests,
  outcomes: Object.entries(load.outcomes)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', '),
  'max ms': load.max,
  'Postgres away ms': awayMs,
  'resumed after ms': Math.round(resumedMs),
  'last fallback asked after ms': Math.round(lastFallbackMs),
});

function barsOf(name: string, measured: Outage): readonly Bar[] {
  const { load, resumedMs, unbacked, differences } = measured;
  const unanswered = load.answers.filter(({ status }) => status !== 200).length;
  const none = (what: string, count: number): Bar => ({
    name: `${name}: ${what}`,
    goal: '0',
    got: String(count),
    ok: count === 0,
  });
  return [
    none('answers above 500 ms', load.late),
    none('requests without a decision', unanswered),
    none('approvals without Postgres', unbacked),
    {
      name: `${name}: decisions resume`,
      goal: `<= ${RESUME_GOAL_MS} ms`,
      got: `${Math.round(resumedMs)} ms`,
      ok: resumedMs <= RESUME_GOAL_MS,
    },
    none('differences in the books', differences),
  ];
}
