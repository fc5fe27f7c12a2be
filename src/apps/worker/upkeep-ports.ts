/** What the worker reads and compares Stripe's lists and objects with. */
import type { Stripe } from 'stripe';
import type { UpkeepPorts } from '../../../activities/upkeep.ts';
import { createCatchUpStore } from '../../adapters/postgres/catch-up-store.ts';
import { createCompletenessStore } from '../../adapters/postgres/completeness-store.ts';
import { createDriftStore } from '../../adapters/postgres/drift-store.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { createEventLister } from '../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../adapters/stripe/reader.ts';
import { createPace } from '../../platform/pace.ts';
import { repairDrift } from '../../reconciliation/drift.ts';
import { driftPortsOver } from '../../reconciliation/drift-ports.ts';
import { createReread } from '../../reconciliation/reread.ts';

export function createUpkeepPorts(sql: Sql, stripe: Stripe, callsPerS: number): UpkeepPorts {
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
    async repairDrift(tenant, signal) {
      const { counts } = await repairDrift({ tenant, cardId: null }, portsFor(signal));
      return sums(Object.values(counts));
    },
  };
}

/** Of all kinds together, what an operator looks for in the workflow's history. */
function sums(
  counts: readonly { looked: number; differing: number; stored: number; items: number }[],
) {
  const sum = (pick: (one: (typeof counts)[number]) => number): number =>
    counts.reduce((total, one) => total + pick(one), 0);
  return {
    looked: sum((one) => one.looked),
    differing: sum((one) => one.differing),
    stored: sum((one) => one.stored),
    items: sum((one) => one.items),
  };
}
