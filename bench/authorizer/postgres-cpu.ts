/** Processor time of a Postgres server and its children, from the system's own books; Linux alone has them. */
import { readdir, readFile } from 'node:fs/promises';

/** What one unit of these books is; Linux shows hundredths of a second on every machine. */
const MS_PER_TICK = 10;

interface Times {
  readonly parent: number;
  readonly ms: number;
}

/** Undefined where there are no such books. */
export async function postgresCpuMs(postmaster: number | undefined): Promise<number | undefined> {
  if (postmaster === undefined) return undefined;
  const own = await readTimes(postmaster, true);
  if (own === undefined) return undefined;
  const children = await Promise.all(
    (await childrenOf(postmaster)).map((pid) => readTimes(pid, false)),
  );
  return children.reduce((sum, child) => sum + (child?.ms ?? 0), own.ms);
}

/** The processes that the server has started and that run now. */
export async function childrenOf(postmaster: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isSafeInteger);
  const all = await Promise.all(
    pids.map(async (pid) => ({ pid, times: await readTimes(pid, false) })),
  );
  return all.filter(({ times }) => times?.parent === postmaster).map(({ pid }) => pid);
}

/** Of a parent also the time of its children that have ended. */
async function readTimes(pid: number, withEnded: boolean): Promise<Times | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The program's name stands in brackets and may hold anything; fields are counted after it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, withEnded ? 15 : 13).map(Number);
    return {
      parent: Number(fields[1]),
      ms: ticks.reduce((sum, each) => sum + each, 0) * MS_PER_TICK,
    };
  } catch {
    return undefined;
  }
}
