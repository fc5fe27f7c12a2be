/**
 * Twice as many requests as can be decided. Each call of Postgres is made 50 ms longer and carries ten decisions at
 * most, so that the limit is not the machine; then a steady load of twice what that has been measured to give.
 */
import type { Bar, Figures } from '../report.ts';
import { LIMITED } from './cards.ts';
import type { Context, Section } from './context.ts';
import { noneLate, steadyFigures } from './fixed-rate.ts';
import type { LoadResult } from './load-plan.ts';

const DELAY_MS = 50;
const DECISIONS_PER_CALL = 10;
/** Few enough that all profiles are in memory after a moment: reading each takes 50 ms, too. */
const CARDS = 100;
/** Enough that calls are full, few enough that nobody waits for longer than the budget. */
const CONNECTIONS_AT_CAPACITY = 40;
/** Twice the capacity times the time that an answer may take, and far more. */
const CONNECTIONS_MAX = 2_000;
const FULL = { capacityRequests: 1_000, overloadS: 20 };
const QUICK = { capacityRequests: 200, overloadS: 3 };

export async function overload(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const delayed = await context.start.delayed(context.database.appUrl, DELAY_MS);
  const server = await context.start.authorizer(delayed.url, {
    DECISIONS_PER_CALL_MAX: String(DECISIONS_PER_CALL),
  });
  const cards = LIMITED.spread.slice(0, CARDS);
  try {
    const closed = (requests: number): Promise<LoadResult> => {
      const pace = { kind: 'closed', connections: CONNECTIONS_AT_CAPACITY } as const;
      return context.load.run(context.plan(server.port, context.asked(requests, cards), pace));
    };
    await closed(CARDS * 5);
    const capacity = await closed(plan.capacityRequests);
    const capacityPerSecond = Math.round(capacity.decided / capacity.seconds);
    const perSecond = 2 * capacityPerSecond;
    const pace = { kind: 'open', perSecond, connectionsMax: CONNECTIONS_MAX } as const;
    const asked = context.asked(perSecond * plan.overloadS, cards);
    const load = await context.load.run(context.plan(server.port, asked, pace));
    return {
      baselines: { 'capacity, calls of 50 ms': capacityFigures(capacity, capacityPerSecond) },
      results: {
        'twice the capacity': {
          'asked/s': perSecond,
          'decided by Postgres/s': Math.round(load.decided / load.seconds),
          ...steadyFigures(load),
        },
      },
      bars: [noneLate('overload', load), shedBar(load)],
    };
  } finally {
    await server.stop();
    await delayed.stop();
  }
}

const capacityFigures = (load: LoadResult, perSecond: number): Figures => ({
  'decided by Postgres/s': perSecond,
  'p50 ms': load.p50,
  'p99 ms': load.p99,
});

function shedBar(load: LoadResult): Bar {
  const shed = load.outcomes['OVERLOADED'] ?? 0;
  return { name: 'overload, answers OVERLOADED', goal: '> 0', got: String(shed), ok: shed > 0 };
}
