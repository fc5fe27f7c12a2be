/** Starts again what has died by itself, as Docker or systemd would: a process may end rather than go on wrongly. */
import type { Stack } from '../../../src/apps/cli/local/stack.ts';
import { APP_NAMES } from '../../../src/apps/cli/local/stack-apps.ts';
import { killPart, type MortalPart, revivePart } from './kill-part.ts';

const WATCHED = [...APP_NAMES, 'temporal', 'postgres'] as const;
type Watched = (typeof WATCHED)[number];
/** Process managers wait about as long before they start a program again. */
const LOOK_EVERY_MS = 200;

export interface ProcessManager {
  /** Parts that ended without having been killed, each with the end of its log. */
  readonly deaths: readonly string[];
  kill(part: MortalPart): Promise<void>;
  revive(part: MortalPart): Promise<void>;
  stop(): Promise<void>;
}

export function manageProcesses(stack: Stack): ProcessManager {
  const deaths: string[] = [];
  /** Killed by the test, or being started. */
  const busy = new Set<Watched>();
  const starts = new Set<Promise<void>>();

  async function restart(name: Watched): Promise<void> {
    busy.add(name);
    deaths.push(`${name}: ${stack.part(name).logTail().slice(-400)}`);
    await revivePart(stack, name).catch(() => {});
    busy.delete(name);
  }
  const timer = setInterval(() => {
    for (const name of WATCHED) {
      if (busy.has(name) || stack.part(name).pid() !== undefined) continue;
      const start = restart(name).finally(() => starts.delete(start));
      starts.add(start);
    }
  }, LOOK_EVERY_MS);
  return {
    deaths,
    kill(part) {
      busy.add(part);
      return killPart(stack, part);
    },
    async revive(part) {
      await revivePart(stack, part);
      busy.delete(part);
    },
    async stop() {
      clearInterval(timer);
      await Promise.allSettled(starts);
    },
  };
}
