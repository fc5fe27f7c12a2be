/** A stack for the length of one piece of work: it is stopped when the work ends, fails, or is interrupted. */
import { processEnvironment } from '../../../platform/config.ts';
import type { Environment } from '../../../platform/config-reader.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';

/** Soon enough that nobody starts the next run before, rare enough to cost nothing. */
const PARENT_POLL_MS = 250;

/** One Ctrl-C can arrive twice, from the terminal and from npm; a person's second one comes later than this. */
const ECHO_MS = 500;

/** What a shell expects from a program that was ended by Ctrl-C. */
export const INTERRUPTED_EXIT_CODE = 130;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SessionOptions extends Omit<StackOptions, 'signal'> {
  /** Called once when a signal asks for the end, before the parts are stopped. */
  readonly onInterrupt?: ((signal: NodeJS.Signals) => void) | undefined;
}

/**
 * Starts a stack, runs `work` with it, and stops it. Ctrl-C, SIGTERM and SIGHUP end the session at any moment;
 * a second one ends this process at once, and the guardian cleans up.
 * @returns what `work` returned, or INTERRUPTED_EXIT_CODE.
 */
export async function withStack(
  options: SessionOptions,
  work: (stack: Stack, interrupted: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = new AbortController();
  let interruptedAt = Number.POSITIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) {
      if (performance.now() - interruptedAt > ECHO_MS) process.exit(INTERRUPTED_EXIT_CODE);
      return;
    }
    interruptedAt = performance.now();
    options.onInterrupt?.(signal);
    interrupt.abort(new Error(`Interrupted by ${signal}`));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  const parentWatch = watchParent(options.environment ?? processEnvironment(), () => {
    if (!interrupt.signal.aborted) onSignal('SIGHUP');
  });
  try {
    const stack = await startStack({ ...options, signal: interrupt.signal });
    try {
      const interrupted = new Promise<number>((resolve) => {
        const end = (): void => resolve(INTERRUPTED_EXIT_CODE);
        if (interrupt.signal.aborted) end();
        interrupt.signal.addEventListener('abort', end, { once: true });
      });
      return await Promise.race([work(stack, interrupt.signal), interrupted]);
    } finally {
      await stack.stop();
    }
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED_EXIT_CODE;
    throw error;
  } finally {
    clearInterval(parentWatch);
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  }
}

/**
 * npm passes SIGTERM to the shell between us, which ends without passing it on. So under npm the loss of our
 * parent means that somebody asked for the end. Elsewhere, as under nohup, it means nothing.
 */
function watchParent(env: Environment, onLoss: () => void): NodeJS.Timeout | undefined {
  if (env['npm_lifecycle_event'] === undefined) return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) onLoss();
  }, PARENT_POLL_MS);
  return timer.unref();
}
