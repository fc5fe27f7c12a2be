/** Gauges of what waits to be done. Every relay measures the same database: take the largest of them. */
import { Gauge, type Registry } from 'prom-client';
import type { RelayFigures } from '../../adapters/postgres/relay-figures.ts';

const MS_PER_SECOND = 1000;

export interface FigureGauges {
  set(figures: RelayFigures): void;
  setGaps(count: number): void;
  setCatchUpAge(ageS: number | null): void;
  /** Everything above was measured. */
  measuredAt(atMs: number): void;
}

export function createFigureGauges(registry: Registry): FigureGauges {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `issuing_${name}`, help, registers: [registry] });
  const backlog = gauge('inbox_backlog', 'Events to be applied, without those that are parked.');
  const oldest = gauge(
    'inbox_oldest_unapplied_seconds',
    'Age of the oldest event that is to be applied and not parked; 0 when there is none.',
  );
  const parked = gauge('inbox_parked', 'Events that wait for what they are about to become known.');
  const unsent = gauge('facts_unsent', 'Facts that no workflow was told yet.');
  const oldestUnsent = gauge(
    'facts_oldest_unsent_seconds',
    'Age of the oldest fact that no workflow was told yet; 0 when there is none.',
  );
  const unanswered = gauge(
    'facts_unanswered',
    'Facts more than an hour old that a workflow was told and has not worked off, however often it was told.',
  );
  const unreachable = gauge(
    'cards_unreachable',
    'Cards whose workflow could not be told the last time; they are tried again.',
  );
  const gaps = gauge(
    'event_gaps',
    'Days of tenants, and spans of time, of which it is not known that every event is here.',
  );
  const catchUpAge = gauge(
    'catch_up_age_seconds',
    'Time since the last catch-up of the tenant that waits longest, or since it is a tenant when there was none.',
  );
  const measured = gauge(
    'relay_figures_timestamp_seconds',
    'When these figures were measured last; old ones say nothing.',
  );
  const attention = new Gauge({
    name: 'issuing_attention_open',
    help: 'Open attention items by kind.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return {
    set(figures) {
      backlog.set(figures.backlog);
      oldest.set(figures.oldestUnappliedS);
      parked.set(figures.parked);
      unsent.set(figures.factsUnsent);
      oldestUnsent.set(figures.oldestUnsentS);
      unanswered.set(figures.factsUnanswered);
      unreachable.set(figures.unreachableCards);
      // Kinds whose last item was closed are not told any more.
      attention.reset();
      for (const { kind, count } of figures.openAttention) attention.set({ kind }, count);
    },
    setGaps: (count) => gaps.set(count),
    setCatchUpAge(ageS) {
      if (ageS !== null) catchUpAge.set(ageS);
    },
    measuredAt: (atMs) => measured.set(atMs / MS_PER_SECOND),
  };
}
