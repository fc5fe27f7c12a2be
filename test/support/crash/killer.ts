/** Kills the worker of a stack at moments of progress, and starts it again. */
import type { Stack } from '../../../src/apps/cli/local/stack.ts';
import type { Environment } from '../../../src/platform/config-reader.ts';
import { type CallGate, type CallMoment, createCallGate } from './call-gate.ts';
import { watchSaves } from './save-watch.ts';

/** A moment counted from the start of the worker: the n-th call of Stripe, as it comes or once it is done, or the n-th save. */
export interface KillMoment {
  readonly at: 'came' | 'done' | 'save';
  readonly nth: number;
  /** Only calls whose `METHOD /path` begins so count. */
  readonly call?: string;
}

export interface Killer {
  /** Resolves when the moment has come and the worker is dead. Rejects when it does not come. */
  killAt(moment: KillMoment): Promise<void>;
  /** Starts the dead worker; what is given is added to its environment. */
  revive(more?: Environment): Promise<void>;
  close(): Promise<void>;
}

/** After a kill nothing may move until Temporal has given up on the dead worker, which takes up to ten seconds. */
const MOMENT_WITHIN_MS = 45_000;

/** Puts a gate between the worker and the simulator, for which the worker is started anew. */
export async function createKiller(stack: Stack, env: Environment): Promise<Killer> {
  const gate = await createCallGate(stack.urls.simulator);
  const saves = await watchSaves(stack.ownerUrl);
  const worker = stack.part('worker');
  await worker.kill('SIGKILL');
  await worker.start({ ...env, STRIPE_API_BASE: gate.url });

  async function killAt(moment: KillMoment): Promise<void> {
    const words = JSON.stringify(moment);
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`not within ${MOMENT_WITHIN_MS} ms: ${words}`)),
        MOMENT_WITHIN_MS,
      );
      let left = moment.nth;
      const count = (): void => {
        left -= 1;
        if (left !== 0) return;
        clearTimeout(late);
        // The signal is sent before this returns, so the call that is at the gate goes no further.
        worker.kill('SIGKILL').then(resolve, reject);
      };
      listen(gate, (seen) => isMeant(moment, seen) && count());
      saves.onSave = () => moment.at === 'save' && count();
    });
    listen(gate, () => {});
    saves.onSave = () => {};
  }
  return {
    killAt,
    revive: (more) => worker.start(more),
    async close() {
      await saves.close();
      await gate.close();
    },
  };
}

function listen(gate: CallGate, onMoment: CallGate['onMoment']): void {
  gate.onMoment = onMoment;
}

const isMeant = ({ at, call = '' }: KillMoment, { when, method, path }: CallMoment): boolean =>
  at === when && `${method} ${path}`.startsWith(call);
