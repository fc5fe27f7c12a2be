/** The simulator's own bars: its start, its calls a second beside a bare Fastify route, and its memory. */
import type { Bar, Bench, Figures } from './report.ts';
import { compile } from './simulator/child.ts';
import { type Memory, measureMemory } from './simulator/memory.ts';
import { measureStarts, type Starts } from './simulator/start.ts';
import { measureThroughput, type Throughput } from './simulator/throughput.ts';

const START_RUNS = 5;
const START_GOAL_MS = 500;
const RATIO_GOAL = 0.25;
/** A stored event has a few thousand bytes; a hundredth of that is noise of the collector. */
const SLOPE_GOAL_BYTES = 50;
const BYTES_PER_MB = 1_000_000;

const FULL = { rounds: 3, seconds: 5, events: 200_000 };
const QUICK = { rounds: 1, seconds: 1, events: 20_000 };

export const simulator: Bench = async ({ quick }) => {
  const plan = quick ? QUICK : FULL;
  await compile();
  const starts = await measureStarts(START_RUNS);
  const throughput = await measureThroughput(plan);
  const updates = await measureMemory('updates', plan.events);
  const purchases = await measureMemory('purchases', plan.events);
  return {
    name: 'simulator',
    baselines: {
      'bare Node process': { 'ms until its end': starts.bareNode },
      'bare Node process with tsx': { 'ms until its end': starts.bareTsx },
      'bare Fastify route': {
        'calls/s': throughput.bare,
        ...throughput.bareLatency.figures,
        'client load': percent(throughput.clientLoad.bare),
      },
      'Fastify route that answers the JSON of an authorization': {
        'calls/s': throughput.sameJson,
      },
    },
    results: {
      ...startFigures(starts),
      ...throughputFigures(throughput),
      'memory, updates of fixed objects': memoryFigures(updates),
      'memory, purchases with captures': memoryFigures(purchases),
    },
    bars: [
      ...startBars(starts),
      ratioBar(throughput),
      slopeBar('flat memory, updates of fixed objects', updates),
      slopeBar('flat memory, purchases with captures', purchases),
    ],
  };
};

const share = (rate: number, baseline: number): number => Math.round((rate / baseline) * 100) / 100;
const ratio = ({ bare }: Throughput, rate: number): number => share(rate, bare);
const percent = (part: number): string => `${Math.round(part * 100)} %`;

const startFigures = ({ fromSource, built }: Starts): Record<string, Figures> => ({
  'start until answering, from source': { ms: fromSource },
  'start until answering, built': { ms: built },
});

const startBars = ({ fromSource, built }: Starts): Bar[] => [
  startBar('start, from source', fromSource),
  startBar('start, built', built),
];

const startBar = (name: string, ms: number): Bar => ({
  name,
  goal: `<= ${START_GOAL_MS} ms`,
  got: `${ms} ms`,
  ok: ms <= START_GOAL_MS,
});

function throughputFigures(measured: Throughput): Record<string, Figures> {
  const { connections, withWebhooks } = measured;
  return {
    'calls, no webhook endpoint registered': {
      'calls/s': measured.simulator,
      'share of bare Fastify': ratio(measured, measured.simulator),
      'share of Fastify with the same JSON': share(measured.simulator, measured.sameJson),
      connections,
      'client load': percent(measured.clientLoad.simulator),
    },
    'of them reads': measured.reads.figures,
    'of them writes': measured.writes.figures,
    'calls, one webhook endpoint registered': {
      'calls/s': withWebhooks.calls,
      'share of bare Fastify': ratio(measured, withWebhooks.calls),
      'calls/s until all is delivered': withWebhooks.callsUntilDelivered,
      deliveries: withWebhooks.deliveries,
    },
  };
}

const ratioBar = (measured: Throughput): Bar => {
  const got = ratio(measured, measured.simulator);
  return {
    name: 'calls/s, share of bare Fastify',
    goal: `>= ${RATIO_GOAL}`,
    got: String(got),
    ok: got >= RATIO_GOAL,
  };
};

function memoryFigures({ samples, bytesPerEvent }: Memory): Figures {
  const series = (of: (sample: Memory['samples'][number]) => number): string =>
    samples.map((sample) => Math.round(of(sample) / BYTES_PER_MB)).join(' ');
  return {
    events: samples.at(-1)?.events ?? 0,
    kept: samples.at(-1)?.kept ?? 0,
    'heap MB': series(({ heapBytes }) => heapBytes),
    'rss MB': series(({ rssBytes }) => rssBytes),
    'bytes/event in the second half': Math.round(bytesPerEvent),
  };
}

const slopeBar = (name: string, { bytesPerEvent }: Memory): Bar => ({
  name,
  goal: `<= ${SLOPE_GOAL_BYTES} bytes/event`,
  got: `${Math.round(bytesPerEvent)} bytes/event`,
  ok: bytesPerEvent <= SLOPE_GOAL_BYTES,
});
