/**
 * Finds what was never delivered: reads Stripe's list of events from where the last time ended, stores what the inbox
 * has not got, and says what the list no longer reaches back to. Run by a schedule, and by the relay after an outage.
 */
import { planCatchUp, type Span } from '../domain/completeness.ts';
import { COMPLETENESS_EVENT_TYPES } from '../domain/event-types.ts';
import type { CatchUpStore } from '../ports/catch-up-store.ts';
import type { IssuerTenant } from '../ports/issuer.ts';
import { closeGaps, type GapPorts } from './gaps.ts';
import { underLease } from './lease.ts';
import { type Listing, pagesOf, stripeNowS } from './listing.ts';
import type { RereadReport } from './reread.ts';

export interface CatchUpPorts extends Listing, GapPorts {}

export interface CatchUpRun {
  /** Nobody else's name: of this process and this run. */
  readonly holder: string;
  readonly signal?: AbortSignal | undefined;
}

export type CatchUpOutcome =
  | {
      readonly kind: 'done';
      readonly listed: number;
      /** Those that no delivery had brought. */
      readonly stored: number;
      readonly watermarkS: number;
      /** Newly found: its events are no longer listed. */
      readonly unprovable: Span | null;
      /** What reading the objects again brought, where there was an open gap. */
      readonly reread: RereadReport | null;
    }
  /** Somebody else reads for this tenant. */
  | { readonly kind: 'busy' };

interface Counts {
  readonly listed: number;
  readonly stored: number;
}

export async function catchUp(
  ports: CatchUpPorts,
  tenant: IssuerTenant,
  { holder, signal }: CatchUpRun,
): Promise<CatchUpOutcome> {
  const { store } = ports;
  const { tenantId, stripeAccount } = tenant;
  const outcome = await underLease(store, { tenantId, holder, signal }, async (held) => {
    const nowS = await stripeNowS(ports, stripeAccount, held);
    const place = await store.place(tenantId, nowS);
    const { unprovable, windows } = planCatchUp(place.watermarkS, nowS);
    // Noted before the watermark moves past it, so that no crash can make it be forgotten.
    if (unprovable !== null) await store.recordGap(tenantId, unprovable);
    const counts = { listed: 0, stored: 0 };
    let { watermarkS } = place;
    for (const window of windows) {
      const read = await readWindow(ports, tenant, window, held);
      counts.listed += read.listed;
      counts.stored += read.stored;
      watermarkS = window.toS;
      await store.advance(tenantId, holder, watermarkS);
    }
    // After the events, which say more: what they have brought needs no reading again.
    const reread = await closeGaps(ports, tenant, held);
    return { kind: 'done' as const, ...counts, watermarkS, unprovable, reread };
  });
  return outcome ?? { kind: 'busy' };
}

async function readWindow(
  ports: Listing & { readonly store: CatchUpStore },
  tenant: IssuerTenant,
  window: Span,
  signal: AbortSignal,
): Promise<Counts> {
  const { stripeAccount } = tenant;
  let listed = 0;
  let stored = 0;
  const wanted = { stripeAccount, types: COMPLETENESS_EVENT_TYPES, ...window };
  for await (const events of pagesOf(ports, wanted, signal)) {
    listed += events.length;
    const missing = await ports.store.missing(tenant, events);
    stored += await ports.store.storeCaughtUp(tenant, missing);
  }
  return { listed, stored };
}
