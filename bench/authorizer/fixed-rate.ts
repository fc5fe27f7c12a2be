/** A steady 200 requests a second over spread accounts: how long answers take, from the time they were due. */
import type { Bar, Figures } from '../report.ts';
import { LIMITED } from './cards.ts';
import type { Context, Section } from './context.ts';
import type { LoadResult } from './load-plan.ts';

export const PER_SECOND = 200;
const CONNECTIONS_MAX = 256;
/** The last requests in a thousand are some dozens. */
const FULL_S = 60;
const QUICK_S = 4;
const P99_GOAL_MS = 20;
const P999_GOAL_MS = 100;

export const steady = (perSecond = PER_SECOND) =>
  ({ kind: 'open', perSecond, connectionsMax: CONNECTIONS_MAX }) as const;

/** What an open load says, for a table. */
export const steadyFigures = (load: LoadResult): Figures => ({
  requests: load.requests,
  'p50 ms': load.p50,
  'p99 ms': load.p99,
  'p99.9 ms': load.p999,
  'max ms': load.max,
  'above 500 ms': load.late,
  outcomes: Object.entries(load.outcomes)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', '),
  connections: load.connections,
  'sent late by, max ms': load.sentLateMaxMs,
});

export const noneLate = (name: string, load: LoadResult): Bar => ({
  name: `${name}, answers above 500 ms`,
  goal: '0',
  got: String(load.late),
  ok: load.late === 0,
});

export async function fixedRate(context: Context): Promise<Section> {
  const seconds = context.isQuick ? QUICK_S : FULL_S;
  const server = await context.start.authorizer(context.database.appUrl);
  try {
    const run = (count: number): Promise<LoadResult> =>
      context.load.run(context.plan(server.port, context.asked(count, LIMITED.spread), steady()));
    // What the parts before have left to be cleaned up is not of this load.
    await context.database.owner.unsafe('vacuum analyze');
    await context.database.owner.unsafe('checkpoint');
    // A process that has just started compiles what it runs.
    await run(PER_SECOND * 2);
    const load = await run(PER_SECOND * seconds);
    const bar = (name: string, got: number, goal: number): Bar => ({
      name: `${PER_SECOND}/s, ${name}`,
      goal: `<= ${goal} ms`,
      got: `${got} ms`,
      ok: got <= goal,
    });
    return {
      results: { [`${PER_SECOND}/s, steady`]: steadyFigures(load) },
      bars: [
        bar('p99', load.p99, P99_GOAL_MS),
        bar('p99.9', load.p999, P999_GOAL_MS),
        noneLate(`${PER_SECOND}/s`, load),
        approvedAll(`${PER_SECOND}/s`, load),
      ],
    };
  } finally {
    await server.stop();
  }
}

/** A decline would be a fast answer of no use: all cards have funds and room. */
const approvedAll = (name: string, load: LoadResult): Bar => ({
  name: `${name}, not approved`,
  goal: '0',
  got: String(load.requests - load.approved),
  ok: load.approved === load.requests,
});
