/** One stack at a time in a folder. The lock names the processes that hold it, so that a dead holder's is void. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from './liveness.ts';
import { waitUntil } from './readiness.ts';

interface Holder {
  readonly pid: number;
  /** Still at work for some seconds after the stack was killed. */
  readonly guardianPid?: number | undefined;
}

export interface StackLock {
  /** Adds the guardian, which ends the parts if this process is killed. */
  setGuardian(pid: number | undefined): Promise<void>;
  release(): Promise<void>;
}

const FILE_NAME = 'lock';
/** A guardian ends what a killed stack left behind in at most 4 s. */
const GUARDIAN_WAIT_MS = 6_000;
const POLL_MS = 100;

/** Throws with the id of the holder when another stack runs in the folder. */
export async function lockFolder(folder: string, signal: AbortSignal): Promise<StackLock> {
  const file = join(folder, FILE_NAME);
  while (!(await tryTake(file))) {
    const holder = await readHolder(file);
    if (holder !== undefined && isRunning(holder.pid)) {
      throw new Error(
        `Another stack is running in ${folder} (process ${holder.pid}). Stop it first; if that process is something else, delete ${file}`,
      );
    }
    const guardian = holder?.guardianPid;
    if (guardian !== undefined) {
      const everyMs = POLL_MS;
      await waitUntil(() => !isRunning(guardian), { timeoutMs: GUARDIAN_WAIT_MS, everyMs, signal });
    }
    await removeVoid(file, holder);
  }
  return {
    async setGuardian(pid) {
      const fresh = `${file}.${process.pid}`;
      await writeFile(
        fresh,
        JSON.stringify({ pid: process.pid, guardianPid: pid } satisfies Holder),
      );
      await rename(fresh, file);
    },
    release: () => rm(file, { force: true }),
  };
}

/** A link appears with its content and only if the name is free, which makes it one step. */
async function tryTake(file: string): Promise<boolean> {
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(own, JSON.stringify({ pid: process.pid } satisfies Holder), { mode: 0o600 });
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Moves the lock away and looks again, so that a lock somebody took in this moment is put back. */
async function removeVoid(file: string, seen: Holder | undefined): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved?.pid !== seen?.pid) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}
