/** Ends one part of a stack with SIGKILL, and starts it again. */
import { childrenOf } from '../../../bench/authorizer/postgres-cpu.ts';
import type { Stack } from '../../../src/apps/cli/local/stack.ts';
import type { AppName } from '../../../src/apps/cli/local/stack-apps.ts';
import { eventually } from '../eventually.ts';

/** What is killed; the simulator stands for Stripe and stays, and the authorizer has chaos tests of its own. */
export const MORTAL_PARTS = ['ingress', 'relay', 'worker', 'temporal', 'postgres'] as const;
export type MortalPart = (typeof MORTAL_PARTS)[number];

/** Postgres recovers, and two parts may need one another to become ready. */
const REVIVED_WITHIN_MS = 60_000;

export async function killPart(stack: Stack, name: MortalPart): Promise<void> {
  const part = stack.part(name);
  if (name === 'postgres') signalWithChildren(await processesOf(stack));
  await part.kill('SIGKILL');
}

/** Its sessions lead process groups of their own, so that the kill of a group leaves them. */
async function processesOf(stack: Stack): Promise<readonly number[]> {
  const postmaster = stack.part('postgres').pid();
  return postmaster === undefined ? [] : [postmaster, ...(await childrenOf(postmaster))];
}

/** All are stopped first, so that none of them sees another's end and writes anything more. */
function signalWithChildren(pids: readonly number[]): void {
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself between the look and the signal.
      }
    }
  }
}

/** Tried again, because a part whose neighbour is dead as well may give up its start. */
export async function revivePart(stack: Stack, name: MortalPart | AppName): Promise<void> {
  const part = stack.part(name);
  await eventually(
    async () => {
      if (part.pid() === undefined) await part.start();
      return true;
    },
    { timeoutMs: REVIVED_WITHIN_MS, everyMs: 100 },
  );
}
