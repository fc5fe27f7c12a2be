/** A person's verdict about a holder, whoever was asked to check. */
import type { CardholderId, CardId } from '../domain/ids.ts';
import type { CheckError, KycStatus } from '../domain/kyc.ts';

export interface PersonsVerdict {
  readonly approved: boolean;
  readonly reason: string;
}

export type VerdictOutcome =
  | { readonly kind: 'decided'; readonly before: KycBefore }
  /** The verdict stands already; nothing was written. */
  | { readonly kind: 'as_wanted' }
  | { readonly kind: 'decided_otherwise'; readonly status: 'verified' | 'rejected' }
  /** No check is under way, and no card waits. */
  | { readonly kind: 'nothing_to_decide' }
  | { readonly kind: 'unknown_holder' };

/** What the holder's row said before a verdict, and the version that the verdict made. */
export interface KycBefore {
  readonly cardholderId: CardholderId;
  readonly status: KycStatus;
  readonly verifiedAt: Date | null;
  readonly decidedAt: Date | null;
  readonly lastError: CheckError | null;
  readonly versionAfter: number;
}

/** All of them are called in one transaction with the answer that depends on them. */
export interface KycVerdicts {
  /** Records the verdict under the locks of the holder's accounts and row: the next decision is bound by it. */
  decide(id: CardholderId, verdict: PersonsVerdict, at: Date): Promise<VerdictOutcome>;
  /** Puts back what was, unless somebody changed the holder since. */
  undo(before: KycBefore): Promise<void>;
  /** Tells the holder's cards that wait for KYC, but for one that was asked itself, and closes the review. */
  announce(id: CardholderId, verdict: PersonsVerdict, except?: CardId): Promise<void>;
}
