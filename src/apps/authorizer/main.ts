/** The authorizer's process: wires the real-time path, which needs Postgres and nothing else. */
import { createDecisionStore } from '../../adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../adapters/postgres/pool.ts';
import { systemClock } from '../../platform/clock.ts';
import { authorizerConfig, processEnvironment } from '../../platform/config.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { startProcess } from '../../platform/start-process.ts';
import { startTracing } from '../../platform/tracing.ts';
import { createAnswerRecorder } from './answer-recorder.ts';
import { buildApp } from './app.ts';
import { createAuthorizerMetrics } from './authorizer-metrics.ts';
import { POSTGRES_BUDGET_MS, RECONNECT_AFTER_MS } from './budget.ts';
import { createDecider } from './decider.ts';
import { createGuard } from './guard.ts';
import { createLanes } from './lanes.ts';
import { watchWith } from './metrics-watch.ts';
import { createProfileCache } from './profile-cache.ts';
import { createProfileLoader } from './profile-loader.ts';

/** Answers under way need 500 ms at most; 3 s leave room for connections that are slow to close. */
const SHUTDOWN_DEADLINE_MS = 3_000;

await startProcess({
  name: 'authorizer',
  readConfig: () => authorizerConfig(processEnvironment()),
  shutdownDeadlineMs: SHUTDOWN_DEADLINE_MS,
  async start({ config, logger, shutdown }) {
    const connect = (): Sql =>
      createSql({
        url: config.database.url,
        poolSize: config.database.poolSize,
        name: 'issuing-authorizer',
        statementTimeoutMs: POSTGRES_BUDGET_MS,
        reconnectAfterMs: RECONNECT_AFTER_MS,
      });
    const clock = systemClock(config.clockOffsetMs);
    const store = createDecisionStore(connect, clock);
    shutdown.add('postgres', () => store.close());
    const registry = createMetrics('authorizer');
    const metrics = createAuthorizerMetrics(registry);
    const watch = watchWith(metrics);
    const onError = (error: unknown): void => {
      logger.error({ err: error }, 'Postgres gave no decision');
    };
    const guard = createGuard(() => {
      watch.reconnect();
      store.reconnect();
    });
    const profiles = createProfileCache(
      createProfileLoader({ store, clock, guard, onError }),
      watch,
    );
    store.onProfileChange((change) => profiles.forget(change));
    const { decisionsPerCallMax: questionsPerCallMax } = config;
    const lanes = createLanes({ store, clock, guard, watch, onError, questionsPerCallMax });
    const answers = createAnswerRecorder(store, watch);
    shutdown.add('answers', () => answers.close());
    metrics.watch({
      waiting: () => lanes.waiting,
      profiles: () => profiles.size,
      pool: () => null,
    });
    const tracing = await startTracing(config.tracing, (error) => {
      logger.warn({ err: error }, 'traces were lost');
    });
    if (tracing !== null) shutdown.add('traces', () => tracing.close());
    const app = buildApp({
      decide: createDecider({ profiles, lanes, clock, watch, onError }),
      signingSecrets: config.signingSecrets,
      metrics,
      registry,
      logger,
      clock,
      answers,
      tracing,
      probe: () => store.probe(),
    });
    shutdown.add('http server', () => app.close());
    await app.listen({ host: config.host, port: config.port });
  },
});
