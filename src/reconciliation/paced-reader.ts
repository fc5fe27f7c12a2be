/** Reads at Stripe below its rate limit, and again where Stripe does not answer. */
import type { StripeReader } from '../ports/stripe-reader.ts';
import { type Pacing, paced } from './paced.ts';

/** Calls reject with the signal's reason once it is aborted. */
export const pacedReader = (
  reader: StripeReader,
  pacing: Pacing,
  signal?: AbortSignal,
): StripeReader => ({
  read: (tenant, kind, id) => paced(pacing, () => reader.read(tenant, kind, id), signal),
  list: (tenant, query) => paced(pacing, () => reader.list(tenant, query), signal),
});
