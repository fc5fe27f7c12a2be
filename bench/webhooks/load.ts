/** The load generator, seen from the benchmark: a process of its own that keeps to a plan. */
import { fork } from 'node:child_process';
import type { Compiled } from '../authorizer/compiled.ts';
import type { DeliveryPlan, DeliveryResult, FromLoad, ToLoad } from './load-plan.ts';

export const LOAD = new URL('./load-main.ts', import.meta.url);

export interface Load {
  /** `onStart` is awaited when all is prepared, just before the first delivery leaves. */
  run(plan: DeliveryPlan, onStart?: () => Promise<void>): Promise<DeliveryResult>;
  stop(): void;
}

export function startLoad(compiled: Compiled): Load {
  const child = fork(compiled.file(LOAD), {
    execArgv: ['--max-semi-space-size=64'],
    serialization: 'advanced',
  });
  let onMessage: (message: FromLoad) => void = () => {};
  let onExit: (error: Error) => void = () => {};
  child.on('message', (message: FromLoad) => onMessage(message));
  child.on('exit', (code) => onExit(new Error(`the load's process ended with ${String(code)}`)));
  const tell = (message: ToLoad): void => void child.send(message);
  const next = (): Promise<FromLoad> =>
    new Promise((resolve, reject) => {
      onMessage = resolve;
      onExit = reject;
    });
  return {
    async run(plan, onStart) {
      const prepared = next();
      tell({ kind: 'plan', plan });
      await prepared;
      await onStart?.();
      const ended = next();
      tell({ kind: 'go' });
      const message = await ended;
      if (message.kind === 'failed') throw new Error(message.error);
      if (message.kind !== 'result') throw new Error(`the load said ${message.kind}`);
      return message.result;
    },
    stop: () => child.disconnect(),
  };
}
