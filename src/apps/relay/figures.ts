/** Measures again and again what waits to be done, for the metrics and their alerts (docs/alerts.yml). */
import type { Sql } from '../../adapters/postgres/pool.ts';
import { readRelayFigures } from '../../adapters/postgres/relay-figures.ts';
import { type Loop, startLoop } from './loop.ts';
import type { RelayMetrics } from './relay-metrics.ts';

/** Scrapers ask every 15 s or so. */
const FIGURES_PAUSE_MS = 10_000;

/** What is known of events that never came. */
export interface CompletenessFigures {
  /** Days of tenants, and spans, that are not known to be whole. */
  gapCount(): Promise<number>;
  /** Since the last catch-up of the tenant that waits longest; null before the first. */
  catchUpAgeS(): Promise<number | null>;
}

export interface FiguresDependencies {
  readonly sql: Sql;
  readonly metrics: Pick<RelayMetrics, 'figures'>;
  readonly completeness?: CompletenessFigures;
}

export async function measureFigures({
  sql,
  metrics,
  completeness,
}: FiguresDependencies): Promise<void> {
  metrics.figures.set(await readRelayFigures(sql));
  if (completeness !== undefined) {
    metrics.figures.setGaps(await completeness.gapCount());
    metrics.figures.setCatchUpAge(await completeness.catchUpAgeS());
  }
  metrics.figures.measuredAt(Date.now());
}

export const startFigures = (deps: FiguresDependencies, onError: (error: unknown) => void): Loop =>
  startLoop({
    pauseMs: FIGURES_PAUSE_MS,
    onError,
    async step() {
      await measureFigures(deps);
      return false;
    },
  });
