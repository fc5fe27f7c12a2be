/**
 * Compares each card, cardholder and open authorization of a tenant with Stripe's object, nightly and on demand. What
 * differs goes through the inbox like an event; what that cannot repair, or Stripe and we do not both know, becomes an
 * attention item, which a later comparison closes when it finds nothing any more.
 */
import type { DriftScope } from '../ports/drift-store.ts';
import type { StripeReader } from '../ports/stripe-reader.ts';
import {
  type Comparison,
  type ComparisonPorts,
  createComparison,
  type FoundDifference,
} from './comparison.ts';
import { createPasses, type Passes } from './object-passes.ts';

export interface DriftPorts extends ComparisonPorts {
  /** Paced, so that it stays below Stripe's limits. */
  readonly reader: StripeReader;
}

export interface DriftOptions {
  readonly isDryRun?: boolean | undefined;
  readonly onFound?: ((found: FoundDifference) => void) | undefined;
  /** Called after each kind of objects. */
  readonly onProgress?: ((counts: Comparison['counts']) => void) | undefined;
}

export type DriftReport = Pick<Comparison, 'counts'>;

/** @throws IssuerUnavailableError when Stripe does not answer, WrongAccountError when it knows none of our objects. */
export async function repairDrift(
  scope: DriftScope,
  ports: DriftPorts,
  { isDryRun = false, onFound, onProgress }: DriftOptions = {},
): Promise<DriftReport> {
  const comparison = createComparison(scope, ports, { isDryRun, skipsWaiting: true, onFound });
  const passes = createPasses(scope, ports, comparison);
  for (const kind of ['card', 'cardholder'] as const) {
    // One card's objects are few: each is asked for by its id.
    if (scope.cardId === null) await passes.listed(kind);
    await passes.unseen(kind);
    onProgress?.(comparison.counts);
  }
  await listPending(scope, ports, passes);
  await passes.unseen('authorization');
  onProgress?.(comparison.counts);
  if (!isDryRun) {
    const open = await ports.store.openSubjects(scope);
    // Of some kinds, and of what has ended, nothing else is compared.
    for (const { kind, id } of open) await passes.named(kind, id);
    const over = open.filter(({ id }) => !comparison.unsettled.has(id));
    await ports.store.closeItems(
      scope.tenant,
      over.map(({ id }) => id),
    );
  }
  return { counts: comparison.counts };
}

async function listPending(scope: DriftScope, ports: DriftPorts, passes: Passes): Promise<void> {
  if (scope.cardId === null) return passes.listed('authorization', { pendingOnly: true });
  const cards = await ports.store.expected(scope, 'card', { after: '', limit: CARDS_OF_CARD_MAX });
  for (const stripeCardId of cards) {
    await passes.listed('authorization', { pendingOnly: true, stripeCardId });
  }
}

/** Parcels that were lost have left a Stripe card each; far more than this would be an error of its own. */
const CARDS_OF_CARD_MAX = 100;
