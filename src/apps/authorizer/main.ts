/** The authorizer's process: wires the real-time path, which needs Postgres and nothing else. */
import { isOfReplica } from '../../adapters/postgres/database-outage.ts';
import { createDecisionStore } from '../../adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../adapters/postgres/pool.ts';
import { systemClock } from '../../platform/clock.ts';
import { authorizerConfig, processEnvironment } from '../../platform/config.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { settledWithin } from '../../platform/settled-within.ts';
import { startProcess } from '../../platform/start-process.ts';
import { startTracing } from '../../platform/tracing.ts';
import { createAnswerRecorder } from './answer-recorder.ts';
import { buildApp } from './app.ts';
import { createAuthorizerMetrics } from './authorizer-metrics.ts';
import { POSTGRES_BUDGET_MS, RECONNECT_AFTER_MS } from './budget.ts';
import { countCalls } from './counted-guard.ts';
import { createDecider } from './decider.ts';
import { createGuard } from './guard.ts';
import { createLanes } from './lanes.ts';
import { createProbe } from './probe.ts';
import { createProfileCache } from './profile-cache.ts';
import { createProfileLoader } from './profile-loader.ts';

/** The last answers leave within 1 s, notes and traces take 0.7 s at most, connections to Postgres 1 s. */
const SHUTDOWN_DEADLINE_MS = 3_000;
/** Postgres may be away when the process ends; the last notes of what was answered are then lost. */
const LAST_RECORDS_WITHIN_MS = 700;

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
    const { watch } = metrics;
    const onError = (error: unknown): void => {
      logger.error({ err: error }, 'Postgres gave no decision');
    };
    const calls = countCalls(
      createGuard(() => {
        watch.reconnect();
        store.reconnect();
      }, isOfReplica),
    );
    const { guard } = calls;
    const profiles = createProfileCache(
      createProfileLoader({ store, clock, guard, onError }),
      watch,
    );
    store.onProfileChange((change) => profiles.forget(change));
    const { decisionsPerCallMax: questionsPerCallMax } = config;
    const lanes = createLanes({ store, clock, guard, watch, onError, questionsPerCallMax });
    metrics.show({
      waiting: () => lanes.waiting,
      profiles: () => profiles.size,
      connections: () => config.database.poolSize,
      callsUnderWay: () => calls.underWay,
    });
    const answers = createAnswerRecorder(store, watch, guard);
    const tracing = await startTracing(config.tracing, (error) =>
      logger.warn({ err: error }, 'traces were lost'),
    );
    shutdown.add('notes and traces', () =>
      Promise.all([settledWithin(answers.close(), LAST_RECORDS_WITHIN_MS), tracing?.close()]),
    );
    const app = buildApp({
      decide: createDecider({ profiles, lanes, clock, watch, onError }),
      signingSecrets: config.signingSecrets,
      metrics,
      registry,
      logger,
      clock,
      answers,
      probe: createProbe(store, guard),
      tracing,
    });
    shutdown.add('http server', () => app.close());
    const address = await app.listen({ host: config.host, port: config.port });
    logger.info({ address }, 'listening');
  },
});
