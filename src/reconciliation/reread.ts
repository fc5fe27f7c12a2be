/**
 * Reads objects anew after a gap that events cannot fill, because Stripe lists them for 30 days only. What an object
 * shows now says nothing about the way that led to it, but it is what the books and the directory have to agree with.
 */
import type { IssuerTenant } from '../ports/issuer.ts';
import { type ComparedCounts, createComparison } from './comparison.ts';
import type { DriftPorts } from './drift.ts';
import { createPasses } from './object-passes.ts';

export interface RereadCounts {
  /** Objects that Stripe showed. */
  readonly looked: number;
  /** Those that were stored in the inbox, because they differ from ours. */
  readonly stored: number;
}

export interface RereadReport {
  readonly cards: RereadCounts;
  readonly cardholders: RereadCounts;
  readonly authorizations: RereadCounts;
  readonly transactions: RereadCounts;
  readonly disputes: RereadCounts;
}

/**
 * Reads the tenant's cards, cardholders and open authorizations, and the authorizations, clearing records and disputes
 * since a second of Stripe's, and stores what differs from ours. Running it again does no harm.
 * @throws when Stripe does not answer, or the signal's reason when it is aborted.
 */
export type RereadObjects = (
  tenant: IssuerTenant,
  sinceS: number,
  signal?: AbortSignal,
) => Promise<RereadReport>;

/** `portsFor` a run, which the signal ends. */
export function createReread(portsFor: (signal?: AbortSignal) => DriftPorts): RereadObjects {
  return async (tenant, sinceS, signal) => {
    const ports = portsFor(signal);
    const scope = { tenant, cardId: null };
    // Whatever waits in the inbox may be older than the gap, so nothing is left out for it.
    const comparison = createComparison(scope, ports, { isDryRun: false, skipsWaiting: false });
    const passes = createPasses(scope, ports, comparison);
    // Records before the disputes that name them, and purchases before the records.
    for (const kind of ['card', 'cardholder'] as const) {
      await passes.listed(kind);
      await passes.unseen(kind);
    }
    const since = { createdFromS: sinceS };
    await passes.listed('authorization', { pendingOnly: true });
    await passes.listed('authorization', since);
    await passes.unseen('authorization');
    await passes.listed('transaction', since);
    await passes.listed('dispute', since);
    await passes.unseen('dispute');
    const { card, cardholder, authorization, transaction, dispute } = comparison.counts;
    return {
      cards: countsOf(card),
      cardholders: countsOf(cardholder),
      authorizations: countsOf(authorization),
      transactions: countsOf(transaction),
      disputes: countsOf(dispute),
    };
  };
}

const countsOf = ({ looked, stored }: ComparedCounts): RereadCounts => ({ looked, stored });
