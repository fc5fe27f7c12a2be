/** The relay's process: wires Postgres, the Temporal client and the Stripe reads. */
import { createSql } from '../../adapters/postgres/pool.ts';
import { createAuthorizationFetcher } from '../../adapters/stripe/authorization-fetcher.ts';
import { createStripeClient } from '../../adapters/stripe/client.ts';
import { createCardWorkflows } from '../../adapters/temporal/card-workflows.ts';
import { connectClient } from '../../adapters/temporal/connection.ts';
import { systemClock } from '../../platform/clock.ts';
import { processEnvironment, relayConfig } from '../../platform/config.ts';
import { createMetrics, createOpsServer } from '../../platform/metrics.ts';
import { startProcess } from '../../platform/start-process.ts';
import { startRelay } from './app.ts';
import { createRelayMetrics } from './relay-metrics.ts';

/** A step under way takes milliseconds, a signal at most its deadline of 2 s. */
const SHUTDOWN_DEADLINE_MS = 4_000;
const POOL_END_TIMEOUT_S = 1;
