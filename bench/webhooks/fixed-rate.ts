/** A steady 300 events a second: how long answers take, from the time the deliveries were due. */
import type { Section } from '../authorizer/context.ts';
import type { Bar, Figures } from '../report.ts';
import type { Context } from './context.ts';
import type { DeliveryResult } from './load-plan.ts';

const PER_SECOND = 300;
const P99_GOAL_MS = 50;
const FULL_S = 30;
const QUICK_S = 4;
const WARM_UP_S = 3;

export const steady = (perSecond: number) =>
  ({ kind: 'open', perSecond, connectionsMax: 256 }) as const;

export const steadyFigures = (load: DeliveryResult): Figures => ({
  deliveries: load.deliveries,
  'p50 ms': load.p50,
  'p99 ms': load.p99,
  'max ms': load.max,
  statuses: Object.entries(load.statuses)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', '),
});

export const p99Bar = (name: string, load: DeliveryResult, goalMs: number): Bar => ({
  name: `${name}, p99`,
  goal: `<= ${goalMs} ms`,
  got: `${load.p99} ms`,
  ok: load.p99 <= goalMs,
});

export const allAccepted = (name: string, load: DeliveryResult): Bar => ({
  name: `${name}, not accepted`,
  goal: '0',
  got: String(load.deliveries - load.accepted),
  ok: load.accepted === load.deliveries,
});

export async function fixedRate(context: Context): Promise<Section> {
  const server = await context.ingress();
  try {
    const run = (seconds: number): Promise<DeliveryResult> =>
      context.load.run(context.plan(server.port, PER_SECOND * seconds, steady(PER_SECOND)));
    // A process that has just started compiles what it runs.
    await run(WARM_UP_S);
    const load = await run(context.isQuick ? QUICK_S : FULL_S);
    const name = `${PER_SECOND}/s`;
    return {
      results: { [`${name}, steady`]: steadyFigures(load) },
      bars: [p99Bar(name, load, P99_GOAL_MS), allAccepted(name, load)],
    };
  } finally {
    await server.stop();
  }
}
