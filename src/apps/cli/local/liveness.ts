/** Whether a process that is not a child of ours still runs. */
import { readFileSync } from 'node:fs';

/**
 * A process that has ended stays in the table until its parent, maybe a slow first process of a container, takes
 * note of it. On Linux such a one is told apart; elsewhere it counts as running for that moment.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  try {
    // The name before the state is in parentheses, and may itself hold some.
    const state = /.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state !== 'Z' && state !== 'X';
  } catch {
    return true;
  }
}
