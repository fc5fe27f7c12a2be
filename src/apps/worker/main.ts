/** The worker process. */
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { processEnvironment, workerConfig } from '../../platform/config.ts';
import { startProcess } from '../../platform/start-process.ts';
import { startWorker } from './app.ts';
import { temporalLogger } from './temporal-logger.ts';

/** Above the worker's own force time, so that the orderly end comes first. */
const SHUTDOWN_DEADLINE_MS = 4_800;

await startProcess({
  name: 'worker',
  readConfig: () => workerConfig(processEnvironment()),
  shutdownDeadlineMs: SHUTDOWN_DEADLINE_MS,
  async start({ config, logger, shutdown }) {
    Runtime.install({
      logger: temporalLogger(logger),
      // Signals are ours: the parts of the process are closed in order.
      shutdownSignals: [],
      telemetryOptions: {
        logging: {
          filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }),
          forward: {},
        },
      },
    });
    const app = await startWorker(config);
    shutdown.add('worker', () => app.close());
    app.ended.catch(async (error: unknown) => {
      logger.fatal({ err: error }, 'the worker cannot go on');
      await shutdown.run('worker failed');
      process.exit(1);
    });
    logger.info({ port: app.opsPort, namespace: config.temporal.namespace }, 'polling');
  },
});
