/** What the relay reads Stripe's lists with. */
import { setTimeout } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { createCatchUpStore } from '../../adapters/postgres/catch-up-store.ts';
import { createDriftStore } from '../../adapters/postgres/drift-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { createEventLister } from '../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../adapters/stripe/reader.ts';
import { createPace } from '../../platform/pace.ts';
import type { CatchUpPorts } from '../../reconciliation/catch-up.ts';
import { pacedReader } from '../../reconciliation/paced-reader.ts';
import { createReread } from '../../reconciliation/reread.ts';

/** Events come within a second or two; what differs for longer has not just happened. */
const SETTLED_AFTER_MS = 3_000;

export function createUpkeepPorts(sql: Sql, stripe: Stripe, callsPerS: number): CatchUpPorts {
  const pace = createPace(callsPerS);
  return {
    lister: createEventLister(stripe),
    pace,
    store: createCatchUpStore(sql),
    reread: createReread({
      store: createDriftStore(sql),
      reader: pacedReader(createStripeReader(stripe), { pace }),
      interpret: interpretEvent,
      settled: () => setTimeout(SETTLED_AFTER_MS),
    }),
  };
}
