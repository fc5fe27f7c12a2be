/**
 * Ends a process in order: the parts are closed in the reverse order of their registration, once, within a
 * deadline. SIGTERM and SIGINT start it; so does a call of `shutdown`.
 */
import type { Logger } from './logger.ts';

export interface Shutdown {
  /** Registers a part to be closed. What is registered last is closed first. */
  add(name: string, close: () => Promise<unknown> | unknown): void;
  /** Closes everything; repeated calls wait for the first one. */
  run(reason: string): Promise<void>;
  /** Resolves once `run` has ended. */
  readonly done: Promise<void>;
}

export function createShutdown(logger: Logger, deadlineMs: number): Shutdown {
  const parts: { name: string; close: () => Promise<unknown> | unknown }[] = [];
  let finished: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    finished = resolve;
  });
  let running: Promise<void> | undefined;

  async function closeAll(reason: string): Promise<void> {
    logger.info({ reason }, 'shutting down');
    for (const part of parts.toReversed()) {
      try {
        await part.close();
      } catch (error) {
        logger.error({ err: error, part: part.name }, 'part did not close cleanly');
      }
    }
    finished();
  }

  const run = (reason: string): Promise<void> => {
    running ??= closeAll(reason);
    return running;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const timer = setTimeout(() => {
      logger.error({ deadlineMs }, 'shutdown took too long; ending now');
      process.exit(1);
    }, deadlineMs);
    timer.unref();
    run(signal).then(
      // With 0, unless a part has set another exit code.
      () => process.exit(),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  return { add: (name, close) => void parts.push({ name, close }), run, done };
}
