/** The ingress process: wires Postgres and the Temporal client to the HTTP server, and listens. */
import { createApiKeys } from '../../adapters/postgres/api-key-store.ts';
import { createChangeFeed } from '../../adapters/postgres/change-feed.ts';
import { isDatabaseOutage } from '../../adapters/postgres/database-outage.ts';
import { createAnswers } from '../../adapters/postgres/idempotency-store.ts';
import { createEventIntake } from '../../adapters/postgres/inbox-store.ts';
import { createSql } from '../../adapters/postgres/pool.ts';
import { createRecords } from '../../adapters/postgres/records.ts';
import { createCardWorkflows } from '../../adapters/temporal/card-workflows.ts';
import { createTemporalClient } from '../../adapters/temporal/connection.ts';
import { KYC_PROVIDERS } from '../../domain/kyc-providers.ts';
import { systemClock } from '../../platform/clock.ts';
import { ingressConfig, processEnvironment } from '../../platform/config.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { startProcess } from '../../platform/start-process.ts';
import { buildApp } from './app.ts';
import { CONNECTIONS_TO_BE_TAKEN_MAX } from './server-limits.ts';

/** The slowest request is a command that waits for its workflow; it is answered within this time. */
const SHUTDOWN_DEADLINE_MS = 3_000;
/** Requests are over when the pool is closed; what is left is a best effort after a commit. */
const POOL_END_TIMEOUT_S = 1;

await startProcess({
  name: 'ingress',
  readConfig: () => ingressConfig(processEnvironment()),
  shutdownDeadlineMs: SHUTDOWN_DEADLINE_MS,
  start: async ({ config, logger, shutdown }) => {
    const { url, poolSize } = config.database;
    const sql = createSql({ url, poolSize, name: 'ingress' });
    shutdown.add('postgres', () => sql.end({ timeout: POOL_END_TIMEOUT_S }));
    const temporal = createTemporalClient(config.temporal);
    shutdown.add('temporal client', () => temporal.close());

    const app = await buildApp({
      ports: {
        records: createRecords(sql),
        answers: createAnswers(sql),
        events: createEventIntake(sql),
        changes: createChangeFeed(sql),
        apiKeys: createApiKeys(sql),
        workflows: createCardWorkflows(temporal.client),
        clock: systemClock(config.clockOffsetMs),
        kycProviders: KYC_PROVIDERS.filter((name) => name !== 'external' || config.kyc !== null),
        ping: async () => {
          await sql`select 1`;
        },
        isOutage: isDatabaseOutage,
      },
      apiKeys: config.apiKeys,
      webhookSecrets: config.webhookSecrets,
      livemode: config.livemode,
      kycCallbackSecrets: config.kyc?.secrets ?? [],
      logger,
      metrics: createMetrics('ingress'),
    });
    shutdown.add('http server', () => app.close());
    const address = await app.listen({
      host: config.host,
      port: config.port,
      backlog: CONNECTIONS_TO_BE_TAKEN_MAX,
    });
    logger.info({ address }, 'listening');
  },
});
