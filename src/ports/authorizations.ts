/** Purchases, each as one object with its chain of requests, decisions, holds and clearing records. */
import type { AuthorizationStatus, HistoryEntry, Merchant } from '../domain/authorization-state.ts';
import type { Explanation } from '../domain/finding.ts';
import type { SurplusRule } from '../domain/surplus.ts';
import type { AttentionItem } from './attention.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';
import type { TransactionRecord } from './transactions.ts';

/** A purchase as a list shows it. */
export interface AuthorizationSummary {
  readonly id: string;
  readonly tenantId: string;
  /** Null while nobody knows the card; then nothing is held for it. */
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly stripeCardId: string;
  readonly currency: string;
  readonly status: AuthorizationStatus;
  readonly merchant: Merchant | null;
  readonly heldMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  /** What may still be captured, without the surplus. */
  readonly leftMinor: number;
  readonly flags: string[];
  /** The moment it counts at towards spending limits. */
  readonly purchasedAt: string;
  readonly createdAt: string;
}

/** Our recorded answer within the chain. */
export interface ChainDecision {
  readonly id: string;
  readonly requestId: string;
  readonly approved: boolean;
  readonly reason: string;
  /** Null where the request was unreadable. */
  readonly askedMinor: number | null;
  readonly approvedMinor: number;
  readonly surplus: SurplusRule;
  /** The amount and its surplus, as it was set aside. */
  readonly heldMinor: number;
  readonly confirmed: boolean;
  readonly availableBeforeMinor: number | null;
  /** The reason and its numbers as a sentence, for operators. */
  readonly explanation: string;
  readonly facts: Explanation;
  readonly decidedAt: string;
}

export interface AuthorizationRequest {
  readonly at: string;
  /** Null when we were not asked. */
  readonly decision: ChainDecision | null;
  /** How it was answered, by Stripe's account; null while no view has shown it. */
  readonly answer: Pick<HistoryEntry, 'approved' | 'amountMinor' | 'reason'> | null;
}

/** A movement of what is held for the purchase, in the order of the books. */
export interface HoldMovement {
  readonly entryId: string;
  readonly kind: string;
  /** Below zero when less is held afterwards. */
  readonly amountMinor: number;
  readonly heldAfterMinor: number;
  readonly decisionId: string | null;
  readonly transactionId: string | null;
  readonly effectiveAt: string;
  readonly postedAt: string;
}

export interface Authorization extends AuthorizationSummary {
  readonly approved: boolean;
  /** Approved in total by anybody. */
  readonly approvedMinor: number;
  readonly requests: AuthorizationRequest[];
  readonly holds: HoldMovement[];
  readonly transactions: TransactionRecord[];
  /** Open items about it or its clearing records. */
  readonly attention: AttentionItem[];
}

/** Of a card or of an account. */
export type AuthorizationFilter = {
  readonly status?: AuthorizationStatus | undefined;
} & (
  | { readonly cardId: string; readonly accountId?: string | undefined }
  | { readonly cardId?: undefined; readonly accountId: string }
);

export interface Authorizations {
  find(id: string): Promise<Authorization | undefined>;
  /** By the moment of the purchase, newest first. */
  list(
    filter: AuthorizationFilter,
    page: PageRequest,
  ): Promise<PageOrRefusal<AuthorizationSummary>>;
}
