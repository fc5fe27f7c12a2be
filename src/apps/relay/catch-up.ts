/**
 * Catch-up without Temporal: for every tenant at the start of the relay, and for those whose schedule has not come to its
 * end for several intervals. Whoever holds a tenant's lease reads for it, so that several relays do no harm.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import { type CatchUpPorts, catchUp } from '../../reconciliation/catch-up.ts';
import { createBackoff } from './backoff.ts';

/** One that is late may still be under way; two in a row are the schedule's absence. */
const INTERVALS_MAX = 3;

export interface CatchUpRoundOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Ends what is under way at the end of the process. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
  /** Told how many events no delivery had brought. */
  readonly onStored: (count: number) => void;
}

/** Takes the next round. */
export function createCatchUpRound(
  ports: CatchUpPorts,
  { clock, intervalMs, signal, onError, onStored }: CatchUpRoundOptions,
): () => Promise<boolean> {
  /** A tenant whose account refuses us steps aside for the others. */
  const backoff = createBackoff(() => clock.nowMs());
  /** Read since this process has started. */
  const read = new Set<string>();

  async function dueNow(): Promise<readonly IssuerTenant[]> {
    const overdue = await ports.store.overdue(INTERVALS_MAX * intervalMs);
    const late = new Set(overdue.map(({ tenantId }) => tenantId));
    const waiting = new Set(backoff.waiting());
    return (await ports.store.tenants()).filter(
      ({ tenantId }) => !waiting.has(tenantId) && (late.has(tenantId) || !read.has(tenantId)),
    );
  }

  return async () => {
    for (const tenant of await dueNow()) {
      if (signal.aborted) return false;
      try {
        const outcome = await catchUp(ports, tenant, { holder: randomUUID(), signal });
        if (outcome.kind === 'done') onStored(outcome.stored);
        read.add(tenant.tenantId);
        backoff.succeeded(tenant.tenantId);
      } catch (error) {
        if (signal.aborted) return false;
        backoff.failed(tenant.tenantId);
        onError(error);
      }
    }
    return false;
  };
}
