/** A person's verdict about a holder, whoever was asked to check. */
import type { CardholderId } from '../domain/ids.ts';

export interface PersonsVerdict {
  readonly approved: boolean;
  readonly reason: string;
}

export type VerdictOutcome =
  | { readonly kind: 'decided' }
  /** The verdict stands already; nothing was written. */
  | { readonly kind: 'as_wanted' }
  | { readonly kind: 'decided_otherwise'; readonly status: 'verified' | 'rejected' }
  /** No check is under way, and no card waits. */
  | { readonly kind: 'nothing_to_decide' }
  | { readonly kind: 'unknown_holder' };

/** All of them are called in one transaction with the answer that depends on them. */
export interface KycVerdicts {
  /** Records the verdict under the locks of the holder's accounts and row: the next decision is bound by it. */
  decide(id: CardholderId, verdict: PersonsVerdict, at: Date): Promise<VerdictOutcome>;
  /** Tells the holder's cards that wait for KYC, and closes the review. */
  announce(id: CardholderId, verdict: PersonsVerdict): Promise<void>;
}
