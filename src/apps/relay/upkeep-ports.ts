/** What the relay reads and compares Stripe's lists with. */
import { setTimeout } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { createCatchUpStore } from '../../adapters/postgres/catch-up-store.ts';
import { createCompletenessStore } from '../../adapters/postgres/completeness-store.ts';
import { createDriftStore } from '../../adapters/postgres/drift-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { createEventLister } from '../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../adapters/stripe/reader.ts';
import { createPace } from '../../platform/pace.ts';
import type { CompletenessPorts } from '../../reconciliation/completeness.ts';
import { pacedReader } from '../../reconciliation/paced-reader.ts';
import { createReread } from '../../reconciliation/reread.ts';

/** Events come within a second or two; what differs for longer has not just happened. */
const SETTLED_AFTER_MS = 3_000;

export function createUpkeepPorts(sql: Sql, stripe: Stripe, callsPerS: number): CompletenessPorts {
  const pace = createPace(callsPerS);
  return {
    lister: createEventLister(stripe),
    pace,
    store: createCatchUpStore(sql),
    completeness: createCompletenessStore(sql),
    reread(tenant, sinceS, signal) {
      const reader = pacedReader(createStripeReader(stripe), { pace, signal });
      const settled = () => setTimeout(SETTLED_AFTER_MS);
      const store = createDriftStore(sql);
      return createReread({ store, reader, interpret: interpretEvent, settled })(
        tenant,
        sinceS,
        signal,
      );
    },
  };
}
