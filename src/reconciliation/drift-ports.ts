/** What a comparison of objects is made with, alike in every process that runs one. */
import { pause } from '../platform/pace.ts';
import type { StripeReader } from '../ports/stripe-reader.ts';
import type { ComparisonPorts } from './comparison.ts';
import type { DriftPorts } from './drift.ts';
import type { Pacing } from './paced.ts';
import { pacedReader } from './paced-reader.ts';

/** Events come within a second or two; what differs for longer has not just happened. */
const SETTLED_AFTER_MS = 3_000;

export interface DriftSources extends Pacing, Omit<ComparisonPorts, 'settled'> {
  readonly reader: StripeReader;
}

/** The ports of one run, which the signal ends. */
export const driftPortsOver =
  ({ store, interpret, reader, ...pacing }: DriftSources) =>
  (signal?: AbortSignal): DriftPorts => ({
    store,
    interpret,
    reader: pacedReader(reader, pacing, signal),
    async settled() {
      await pause(SETTLED_AFTER_MS, signal);
      signal?.throwIfAborted();
    },
  });
