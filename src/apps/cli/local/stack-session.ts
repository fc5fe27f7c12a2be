/** A stack for the length of one piece of work: it is stopped when the work ends, fails, or is interrupted. */
import { type Stack, type StackOptions, startStack } from './stack.ts';

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
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    options.onInterrupt?.(signal);
    interrupt.abort(new Error(`Interrupted by ${signal}`));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
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
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  }
}
