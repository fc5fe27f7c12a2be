/** How long the simulator takes from its start until it answers. */
import { BUILT, FROM_SOURCE, runtimeMs, startChild } from './child.ts';
import { Connection, get, succeed } from './connection.ts';

export interface Starts {
  /** Medians in milliseconds. */
  readonly fromSource: number;
  readonly built: number;
  readonly bareNode: number;
  readonly bareTsx: number;
}

export async function measureStarts(runs: number): Promise<Starts> {
  return {
    bareNode: await medianOf(runs, () => runtimeMs(['--eval', '0'])),
    bareTsx: await medianOf(runs, () => runtimeMs(['--import', 'tsx', '--eval', '0'])),
    fromSource: await medianOf(runs, () => readyMs(FROM_SOURCE)),
    built: await medianOf(runs, () => readyMs(BUILT)),
  };
}

/** From the start of the process until its health has been read. */
async function readyMs(command: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = await startChild([...command, '--port', '0']);
  try {
    const connection = await Connection.open(child.port);
    await succeed(connection, get('/_sim/health'));
    const elapsed = performance.now() - startedAt;
    connection.close();
    return elapsed;
  } finally {
    await child.stop();
  }
}

/** The first run only fills the caches of disk and compiler. */
async function medianOf(runs: number, once: () => Promise<number>): Promise<number> {
  await once();
  const measured: number[] = [];
  for (let run = 0; run < runs; run += 1) measured.push(await once());
  return Math.round(median(measured));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('no values');
  return middle;
}
