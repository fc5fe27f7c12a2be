/** The worker: runs card workflows and their activities. Built from its settings alone, so that tests can start one. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Stripe } from 'stripe';
import { createActivities } from '../../../activities/index.ts';
import { createUpkeepActivities } from '../../../activities/upkeep.ts';
import { createExternalProvider } from '../../adapters/kyc/external-provider.ts';
import { createAttemptStore } from '../../adapters/postgres/attempt-store.ts';
import { createCardStore } from '../../adapters/postgres/card-store.ts';
import { createHolderStore } from '../../adapters/postgres/holder-store.ts';
import { createManualReview } from '../../adapters/postgres/manual-review.ts';
import { createSql, type Sql } from '../../adapters/postgres/pool.ts';
import { createVerificationStore } from '../../adapters/postgres/verification-store.ts';
import { createCardIssuer } from '../../adapters/stripe/card-issuer.ts';
import { createStripe } from '../../adapters/stripe/client.ts';
import { createStripeIdentity } from '../../adapters/stripe/identity.ts';
import { connectionOptions } from '../../adapters/temporal/connection.ts';
import { checkSearchAttributes } from '../../adapters/temporal/search-attributes.ts';
import { CARD_TASK_QUEUE } from '../../domain/card-contract.ts';
import { UPKEEP_TASK_QUEUE } from '../../domain/upkeep-contract.ts';
import { systemClock } from '../../platform/clock.ts';
import type { WorkerConfig } from '../../platform/config.ts';
import { createMetrics, createOpsServer, type Readiness } from '../../platform/metrics.ts';
import { heartbeats } from './heartbeat.ts';
import { createUpkeepPorts } from './upkeep-ports.ts';
import { countUnusable, watchWorker } from './worker-metrics.ts';

/**
 * Activities under way when the process ends get this long to finish. Most calls to Stripe take less than a
 * second; a longer one is handed back and repeated under the same idempotency key by another worker.
 */
const SHUTDOWN_GRACE_MS = 3_000;
/** After this the process ends although an activity still runs; Temporal repeats it when its time is up. */
const SHUTDOWN_FORCE_MS = 4_000;
/** A task that is kept for a worker with the card in its cache is given to any other after this: that worker may be dead. */
const STICKY_TIMEOUT = '3s';
/** Tenants whose lists are read side by side: they share one pace, and hold some pages of events each. */
const UPKEEP_AT_ONCE_MAX = 4;
/** How long the pool waits for statements under way when it is closed. */
const POOL_CLOSE_S = 1;

export interface WorkerApp {
  readonly opsPort: number;
  /** Rejects when the worker cannot go on; resolves after `close`. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export async function startWorker(config: WorkerConfig): Promise<WorkerApp> {
  const sql = createSql({ ...config.database, name: 'issuing-worker' });
  const connection = await NativeConnection.connect(connectionOptions(config.temporal));
  await checkSearchAttributes(connection, config.temporal.namespace);
  const registry = createMetrics('worker');
  const onUnusable = countUnusable(registry);
  const stripe = createStripe(config.stripe);
  const common = {
    connection,
    namespace: config.temporal.namespace,
    interceptors: { activity: [heartbeats] },
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  };
  const worker = await Worker.create({
    ...common,
    taskQueue: CARD_TASK_QUEUE,
    ...workflowCode(config.workflowBundle),
    activities: createActivities({ ...ports(config, sql, stripe), onUnusable }),
    maxCachedWorkflows: config.maxCachedWorkflows,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
  });
  const upkeep = await Worker.create({
    ...common,
    taskQueue: UPKEEP_TASK_QUEUE,
    activities: createUpkeepActivities(createUpkeepPorts(sql, stripe, config.upkeep.callsPerS)),
    maxConcurrentActivityTaskExecutions: UPKEEP_AT_ONCE_MAX,
  });
  watchWorker(worker, registry);
  const ops = await createOpsServer({
    host: config.host,
    port: config.port,
    registry,
    ready: () => readiness(worker, sql),
  });
  const workers = [worker, upkeep];
  const runs = workers.map((one) => one.run());
  const ended = Promise.all(runs).then(() => {});
  // Whoever waits for `ended` hears of a failure; nobody waiting must not end the process by itself.
  ended.catch(() => {});
  return {
    opsPort: ops.port,
    ended,
    async close() {
      for (const one of workers) if (one.getState() === 'RUNNING') one.shutdown();
      await Promise.allSettled(runs);
      await ops.close();
      await connection.close();
      await sql.end({ timeout: POOL_CLOSE_S });
    },
  };
}

function ports(config: WorkerConfig, sql: Sql, stripe: Stripe) {
  return {
    cards: createCardStore(sql),
    holders: createHolderStore(sql),
    attempts: createAttemptStore(sql),
    issuer: createCardIssuer(stripe),
    verifications: createVerificationStore(sql),
    kyc: {
      stripe_identity: createStripeIdentity(stripe),
      manual: createManualReview(sql),
      ...(config.kyc === null ? {} : { external: createExternalProvider(config.kyc) }),
    },
    clock: systemClock(config.clockOffsetMs),
  };
}

/** A bundle made ahead starts faster; without one the sources beside us are bundled now. */
function workflowCode(bundle: string | undefined) {
  if (bundle !== undefined) return { workflowBundle: { codePath: bundle } };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`../../../workflows/index.${extension}`, import.meta.url);
  return { workflowsPath: fileURLToPath(entry) };
}

async function readiness(worker: Worker, sql: Sql): Promise<Readiness> {
  const state = worker.getState();
  if (state !== 'RUNNING') return { ready: false, reason: `the worker is ${state}` };
  await sql`select 1`;
  return { ready: true };
}
