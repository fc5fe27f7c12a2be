/**
 * Reads objects anew after a gap that events cannot fill, because Stripe lists them for 30 days only. What an object
 * shows now says nothing about the way that led to it, but it is what the books and the directory have to agree with.
 */
import type { IssuerTenant } from '../ports/issuer.ts';

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
