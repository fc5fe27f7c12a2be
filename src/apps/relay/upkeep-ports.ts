/** What the relay reads and compares Stripe's lists with. */
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
import { driftPortsOver } from '../../reconciliation/drift-ports.ts';
import { createReread } from '../../reconciliation/reread.ts';

export function createUpkeepPorts(sql: Sql, stripe: Stripe, callsPerS: number): CompletenessPorts {
  const pace = createPace(callsPerS);
  const portsFor = driftPortsOver({
    pace,
    store: createDriftStore(sql),
    reader: createStripeReader(stripe),
    interpret: interpretEvent,
  });
  return {
    pace,
    lister: createEventLister(stripe),
    store: createCatchUpStore(sql),
    completeness: createCompletenessStore(sql),
    reread: createReread(portsFor),
  };
}
