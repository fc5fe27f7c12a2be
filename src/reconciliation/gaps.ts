/** Spans that events cannot prove: recorded by their days, and made good by reading the objects themselves. */
import type { Span } from '../domain/completeness.ts';
import type { CatchUpStore } from '../ports/catch-up-store.ts';
import type { IssuerTenant } from '../ports/issuer.ts';
import type { RereadObjects, RereadReport } from './reread.ts';

export interface GapPorts {
  readonly store: CatchUpStore;
  readonly reread: RereadObjects;
}

/**
 * Reads the tenant's objects again if there is an open gap; one reading serves all of them. Null when there is none.
 * Rejects when Stripe is away: the gaps stay open, and the next round tries again.
 */
export async function closeGaps(
  { store, reread }: GapPorts,
  tenant: IssuerTenant,
  signal?: AbortSignal,
): Promise<RereadReport | null> {
  const open = await store.openGaps(tenant.tenantId);
  const sinceS = earliest(open);
  if (sinceS === null) return null;
  const report = await reread(tenant, sinceS, signal);
  await store.closeGaps(
    open.map(({ gapId }) => gapId),
    { ...report },
  );
  return report;
}

const earliest = (spans: readonly Span[]): number | null =>
  spans.length === 0 ? null : Math.min(...spans.map(({ fromS }) => fromS));
