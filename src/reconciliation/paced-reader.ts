/** Reads at Stripe one call after the other, below its rate limit, and waits a while where Stripe does not answer. */
import type { Pace } from '../platform/pace.ts';
import { IssuerUnavailableError } from '../ports/issuer.ts';
import type { StripeReader } from '../ports/stripe-reader.ts';

/** After this many failures of one call Stripe is away, and whoever asked decides what that means. */
const TRIES_MAX = 6;
/** The wait after the first failure; each further one is twice as long, so that the last try comes after half a minute. */
const FIRST_WAIT_MS = 1_000;

export interface PacedReaderOptions {
  readonly pace: Pace;
  readonly signal?: AbortSignal | undefined;
  readonly triesMax?: number | undefined;
}

export function pacedReader(
  reader: StripeReader,
  { pace, signal, triesMax = TRIES_MAX }: PacedReaderOptions,
): StripeReader {
  async function paced<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; ) {
      await pace.turn(signal);
      try {
        return await call();
      } catch (error) {
        failures += 1;
        if (!(error instanceof IssuerUnavailableError) || failures >= triesMax) throw error;
        // Also those of others wait: what keeps one call from being answered keeps all.
        pace.holdMs(FIRST_WAIT_MS * 2 ** (failures - 1));
      }
    }
  }
  return {
    read: (tenant, kind, id) => paced(() => reader.read(tenant, kind, id)),
    list: (tenant, query) => paced(() => reader.list(tenant, query)),
  };
}
