/** Latencies in milliseconds from a nanosecond histogram. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Figures } from './report.ts';

const NS_PER_MS = 1e6;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly figures: Figures;
}

/** Runs `once` n times, one after the other, and tells how long each took; the first `warmUp` runs come on top. */
export async function measure(
  n: number,
  once: (index: number) => Promise<void>,
  warmUp = 0,
): Promise<Latency> {
  for (let index = 0; index < warmUp; index += 1) await once(index);
  const histogram = createHistogram();
  for (let index = 0; index < n; index += 1) {
    const start = process.hrtime.bigint();
    await once(index);
    histogram.record(process.hrtime.bigint() - start);
  }
  return latencyOf(histogram);
}

/** What a histogram of nanoseconds says. */
export function latencyOf(histogram: RecordableHistogram): Latency {
  const ms = (ns: number): number => Math.round((ns / NS_PER_MS) * 100) / 100;
  const p50 = ms(histogram.percentile(50));
  const p99 = ms(histogram.percentile(99));
  const max = ms(histogram.max);
  return {
    p50,
    p99,
    max,
    figures: { n: histogram.count, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max },
  };
}
