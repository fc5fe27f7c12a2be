/** The relay's process: wires Postgres, the Temporal client and the Stripe reads. */
import { createSql } from '../../adapters/postgres/pool.ts';
import {
  createAuthorizationFetcher,
  createAuthorizationLister,
} from '../../adapters/stripe/authorization-fetcher.ts';
import { createStripe } from '../../adapters/stripe/client.ts';
import { createStripeIdentity } from '../../adapters/stripe/identity.ts';
import { createCardWorkflows } from '../../adapters/temporal/card-workflows.ts';
import { createTemporalClient } from '../../adapters/temporal/connection.ts';
import { createUpkeepSchedules } from '../../adapters/temporal/schedules.ts';
import { systemClock } from '../../platform/clock.ts';
import { processEnvironment, relayConfig } from '../../platform/config.ts';
import { createMetrics, createOpsServer } from '../../platform/metrics.ts';
import { startProcess } from '../../platform/start-process.ts';
import { startRelay } from './app.ts';
import { createRelayMetrics } from './relay-metrics.ts';
import { createUpkeepPorts } from './upkeep-ports.ts';

/** A step under way takes milliseconds, a signal at most its deadline of 2 s. */
const SHUTDOWN_DEADLINE_MS = 4_000;
const POOL_END_TIMEOUT_S = 1;

await startProcess({
  name: 'relay',
  readConfig: () => relayConfig(processEnvironment()),
  shutdownDeadlineMs: SHUTDOWN_DEADLINE_MS,
  async start({ config, logger, shutdown }) {
    const { url, poolSize } = config.database;
    const sql = createSql({ url, poolSize, name: 'issuing-relay' });
    shutdown.add('postgres', () => sql.end({ timeout: POOL_END_TIMEOUT_S }));
    const temporal = createTemporalClient(config.temporal);
    shutdown.add('temporal', () => temporal.close());
    const registry = createMetrics('relay');
    const stripe = createStripe(config.stripe);
    const relay = await startRelay({
      sql,
      workflows: createCardWorkflows(temporal.client),
      fetcher: createAuthorizationFetcher(stripe),
      lister: createAuthorizationLister(stripe),
      redactor: createStripeIdentity(stripe),
      upkeep: {
        ports: createUpkeepPorts(sql, stripe, config.upkeep.callsPerS),
        schedules: createUpkeepSchedules(temporal.client, {
          catchUpEveryMs: config.upkeep.catchUpIntervalMs,
        }),
        intervalMs: config.upkeep.catchUpIntervalMs,
      },
      clock: systemClock(config.clockOffsetMs),
      logger,
      metrics: createRelayMetrics(registry),
      digestIntervalMs: config.digestIntervalMs,
    });
    shutdown.add('loops', () => relay.stop());
    const ops = await createOpsServer({
      host: config.host,
      port: config.port,
      registry,
      async ready() {
        await sql`select 1`;
        return { ready: true };
      },
    });
    shutdown.add('ops server', () => ops.close());
  },
});
