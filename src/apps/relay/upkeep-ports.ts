/** What the relay reads Stripe's lists with. */
import type { Stripe } from 'stripe';
import { createCatchUpStore } from '../../adapters/postgres/catch-up-store.ts';
import { createDriftStore } from '../../adapters/postgres/drift-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { createEventLister } from '../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../adapters/stripe/reader.ts';
import { createPace } from '../../platform/pace.ts';
import type { CatchUpPorts } from '../../reconciliation/catch-up.ts';
import { driftPortsOver } from '../../reconciliation/drift-ports.ts';
import { createReread } from '../../reconciliation/reread.ts';

export function createUpkeepPorts(sql: Sql, stripe: Stripe, callsPerS: number): CatchUpPorts {
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
    reread: createReread(portsFor),
  };
}
