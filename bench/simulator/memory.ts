/** Whether memory stays flat while events come and fall out of retention. */
import { fileURLToPath } from 'node:url';
import { outputOf } from './child.ts';
import type { Sample } from './memory-process.ts';

export type MemoryVariant = 'purchases' | 'updates';

export interface Memory {
  readonly samples: readonly Sample[];
  /** Least squares over the second half of the samples, in bytes of heap for each event. */
  readonly bytesPerEvent: number;
}

/** Makes so many events in a process of its own, which collects its garbage before each sample. */
export async function measureMemory(variant: MemoryVariant, events: number): Promise<Memory> {
  const file = fileURLToPath(new URL('./memory-process.ts', import.meta.url));
  const output = await outputOf(['--expose-gc', '--import', 'tsx', file, variant, String(events)]);
  // The process prints nothing else.
  const samples = JSON.parse(output) as Sample[];
  return { samples, bytesPerEvent: slope(samples.slice(Math.floor(samples.length / 2))) };
}

function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanEvents = mean(samples.map(({ events }) => events));
  const meanHeap = mean(samples.map(({ heapBytes }) => heapBytes));
  let products = 0;
  let squares = 0;
  for (const { events, heapBytes } of samples) {
    products += (events - meanEvents) * (heapBytes - meanHeap);
    squares += (events - meanEvents) ** 2;
  }
  return products / squares;
}
