/** The metrics by which the authorizer is watched, and their list in the documentation. */
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import { projectText } from '../support/project-files.ts';

function shown() {
  const registry = new Registry();
  const metrics = createAuthorizerMetrics(registry);
  metrics.show({
    waiting: () => 7,
    profiles: () => 12,
    connections: () => 4,
    callsUnderWay: () => 1,
  });
  return { registry, metrics };
}

it('gauges show what is true when they are read', async () => {
  const text = await shown().registry.metrics();
  for (const line of [
    'issuing_decisions_waiting 7',
    'issuing_profiles_cached 12',
    'issuing_database_connections_max 4',
    'issuing_database_calls_under_way 1',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

it('a decision’s time falls into buckets around the budget', async () => {
  const { registry, metrics } = shown();
  metrics.latency.observe({ source: 'postgres' }, 0.36);
  const text = await registry.metrics();
  expect(text).toContain('issuing_decision_seconds_bucket{le="0.35",source="postgres"} 0');
  expect(text).toContain('issuing_decision_seconds_bucket{le="0.5",source="postgres"} 1');
});

it('what happens inside is counted', async () => {
  const { registry, metrics } = shown();
  const { watch } = metrics;
  watch.call(3, 0.004, 'answered');
  watch.call(2, 0.45, 'given_up');
  watch.busy();
  watch.stale();
  watch.late();
  watch.shed();
  watch.reconnect();
  watch.profile('memory');
  watch.recorded(5, 'written');
  watch.recorded(2, 'dropped');
  const text = await registry.metrics();
  for (const line of [
    'issuing_decision_call_questions_sum 5',
    'issuing_decision_call_questions_count 2',
    'issuing_decision_call_seconds_bucket{le="0.005",result="answered"} 1',
    'issuing_decision_call_seconds_count{result="given_up"} 1',
    'issuing_decision_busy_total 1',
    'issuing_decision_stale_total 1',
    'issuing_decision_late_total 1',
    'issuing_decision_shed_total 1',
    'issuing_database_reconnects_total 1',
    'issuing_profile_lookups_total{source="memory"} 1',
    'issuing_answers_recorded_total{result="written"} 5',
    'issuing_answers_recorded_total{result="dropped"} 2',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

it('docs/authorizer.md lists every metric, and no other', async () => {
  const defined = (await shown().registry.getMetricsAsJSON()).map(({ name }) => name);
  const doc = projectText('docs/authorizer.md') ?? '';
  const listed = [...doc.matchAll(/^\| `(issuing_\w+)`/gm)].map(([, name]) => name ?? '');
  expect(listed.toSorted()).toEqual(defined.toSorted());
});
