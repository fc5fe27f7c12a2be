/** The metrics by which the authorizer is watched, and their list in the documentation. */
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import { projectText } from '../support/project-files.ts';

function watched(pool: { size: number; inUse: number } | null) {
  const registry = new Registry();
  const metrics = createAuthorizerMetrics(registry);
  metrics.watch({ waiting: () => 7, profiles: () => 12, pool: () => pool });
  return { registry, metrics };
}

it('gauges show what is true when they are read', async () => {
  const text = await watched({ size: 4, inUse: 1 }).registry.metrics();
  for (const line of [
    'issuing_decisions_waiting 7',
    'issuing_profiles_cached 12',
    'issuing_database_pool_connections 4',
    'issuing_database_pool_busy 1',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  const unknown = await watched(null).registry.metrics();
  expect(unknown).toContain('\nissuing_database_pool_busy Nan\n');
});

it('a decision’s time falls into buckets around the budget', async () => {
  const { registry, metrics } = watched(null);
  metrics.latency.observe({ source: 'postgres' }, 0.36);
  const text = await registry.metrics();
  expect(text).toContain('issuing_decision_seconds_bucket{le="0.35",source="postgres"} 0');
  expect(text).toContain('issuing_decision_seconds_bucket{le="0.5",source="postgres"} 1');
});

it('docs/authorizer.md lists every metric, and no other', async () => {
  const defined = (await watched(null).registry.getMetricsAsJSON()).map(({ name }) => name);
  const doc = projectText('docs/authorizer.md') ?? '';
  const listed = [...doc.matchAll(/^\| `(issuing_\w+)`/gm)].map(([, name]) => name ?? '');
  expect(listed.toSorted()).toEqual(defined.toSorted());
});
