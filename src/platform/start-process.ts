/** The frame of every process: configuration first, a clear message when it is wrong, and an orderly end. */
import { ConfigError } from './config-reader.ts';
import { createLogger, type Logger } from './logger.ts';
import { createShutdown, type Shutdown } from './shutdown.ts';

export interface ProcessFrame<C> {
  readonly config: C;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

export interface ProcessOptions<C> {
  readonly name: string;
  readonly readConfig: () => C;
  /** How long an orderly end may take before the process ends anyway. */
  readonly shutdownDeadlineMs: number;
  readonly start: (frame: ProcessFrame<C>) => Promise<void>;
}

/** Reads the configuration, starts, and exits with 1 and a readable message when either fails. */
export async function startProcess<C extends { readonly logLevel: string }>(
  options: ProcessOptions<C>,
): Promise<void> {
  let config: C;
  try {
    config = options.readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${options.name}: ${error.message}\n`);
    process.exit(1);
  }
  const logger = createLogger({ name: options.name, level: config.logLevel });
  const shutdown = createShutdown(logger, options.shutdownDeadlineMs);
  try {
    await options.start({ config, logger, shutdown });
    logger.info('ready');
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    process.stderr.write(`${options.name}: could not start: ${String(error)}\n`);
    await shutdown.run('start failed');
    process.exit(1);
  }
}
