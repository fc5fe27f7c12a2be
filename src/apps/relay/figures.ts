/** Measures again and again what waits to be done, for the metrics and their alerts (docs/alerts.yml). */
import { catchUpAgeS, gapCount } from '../../adapters/postgres/completeness-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { readRelayFigures } from '../../adapters/postgres/relay-figures.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Loop, startLoop } from './loop.ts';
import type { RelayMetrics } from './relay-metrics.ts';

/** Scrapers ask every 15 s or so. */
const FIGURES_PAUSE_MS = 10_000;
const MS_PER_SECOND = 1_000;

export interface FiguresDependencies {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly metrics: Pick<RelayMetrics, 'figures'>;
}

export async function measureFigures({ sql, clock, metrics }: FiguresDependencies): Promise<void> {
  const { figures } = metrics;
  figures.set(await readRelayFigures(sql));
  figures.setGaps(await gapCount(sql, Math.floor(clock.nowMs() / MS_PER_SECOND)));
  figures.setCatchUpAge(await catchUpAgeS(sql));
  figures.measuredAt(Date.now());
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
