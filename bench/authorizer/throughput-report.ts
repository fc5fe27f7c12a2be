/** The table and the bars of the throughput. */
import type { Bar, Figures } from '../report.ts';
import { median } from '../simulator/start.ts';
import type { Section } from './context.ts';
import type { BestPools } from './pool-sweep.ts';
import type { Round } from './round.ts';

const SPREAD_GOAL = 1;
const HOT_GOAL = 2;
const SIGNATURE_GOAL = 0.45;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function figuresOf(rounds: readonly Round[]): Figures {
  const of = (read: (round: Round) => number | undefined, digits: number): number | string => {
    const values = rounds.map(read).filter((value) => value !== undefined);
    return values.length === 0 ? 'unknown' : rounded(median(values), digits);
  };
  return {
    'decisions/s': of((round) => round.perSecond, 0),
    rounds: rounds.map((round) => Math.round(round.perSecond)).join(' '),
    'p50 ms': of((round) => round.load.p50, 1),
    'p99 ms': of((round) => round.load.p99, 1),
    'max ms': of((round) => round.load.max, 1),
    'CPU ms a decision': of((round) => round.serverCpuMs, 3),
    'of Postgres': of((round) => round.postgresCpuMs, 3),
    'not approved': rounds.reduce((sum, { load }) => sum + load.requests - load.approved, 0),
    'of the load': of((round) => round.loadCpuMs, 3),
  };
}

export function throughputFigures(
  rounds: ReadonlyMap<string, readonly Round[]>,
  pools: BestPools,
): Pick<Section, 'baselines' | 'results'> {
  const entries = [...rounds].map(([name, measured]) => [name, figuresOf(measured)] as const);
  return {
    baselines: {
      ...Object.fromEntries(entries.filter(([name]) => !name.startsWith('ours'))),
      'pool sizes tried, spread': { best: pools.spread.poolSize, 'holds/s': pools.tried.spread },
      'pool sizes tried, hot': { best: pools.hot.poolSize, 'holds/s': pools.tried.hot },
    },
    results: Object.fromEntries(entries.filter(([name]) => name.startsWith('ours'))),
  };
}

export function throughputBars(rate: (name: string) => number): readonly Bar[] {
  const bar = (name: string, of: string, goal: number): Bar => {
    const share = rate(name) / rate(of);
    return {
      name: `${name} / ${of}`,
      goal: `>= ${goal.toFixed(2)}`,
      got: share.toFixed(2),
      ok: share >= goal,
    };
  };
  return [
    bar('ours, spread', 'minimal hold, spread', SPREAD_GOAL),
    bar('ours, hot', 'minimal hold, hot', HOT_GOAL),
    bar('ours, spread', 'signature check alone', SIGNATURE_GOAL),
    bar('ours, hot', 'signature check alone', SIGNATURE_GOAL),
  ];
}
