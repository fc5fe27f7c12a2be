/** Our recorded decisions, for people to read: each with its reason, what it was based on, and what was answered. */
import type { ProfileVersions } from '../domain/card-profile.ts';
import type { Explanation } from '../domain/finding.ts';
import type { CardId, DecisionId } from '../domain/ids.ts';
import type { MinorUnits } from '../domain/money.ts';
import type { SurplusRule } from '../domain/surplus.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

/** What left as the answer; it differs from the decision when Postgres was late. */
export interface LeftAnswer {
  readonly approved: boolean;
  readonly reason: string;
  readonly answeredAt: string;
}

/** Null for each step that is not known: an answer is written down a moment after it has left, and may be lost. */
export interface DecisionTimings {
  readonly receivedAt: string | null;
  /** Milliseconds since then. */
  readonly verifiedMs: number | null;
  readonly profileMs: number | null;
  readonly databaseMs: number | null;
  readonly answeredMs: number | null;
}

export interface DecisionRecord {
  readonly id: string;
  readonly requestId: string;
  readonly tenantId: string;
  /** The first four are null only where the request was unreadable. */
  readonly authorizationId: string | null;
  readonly stripeCardId: string | null;
  readonly currency: string | null;
  readonly askedMinor: MinorUnits | null;
  /** Null while nobody knows the card. */
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly approved: boolean;
  readonly reason: string;
  /** The reason and its numbers as a sentence, for operators. */
  readonly explanation: string;
  /** A sentence that may be shown to the cardholder. */
  readonly cardholderText: string;
  readonly approvedMinor: MinorUnits;
  readonly surplus: SurplusRule;
  /** The amount and its surplus, as it was set aside. */
  readonly heldMinor: MinorUnits;
  readonly availableBeforeMinor: MinorUnits | null;
  readonly creditLimitMinor: MinorUnits | null;
  readonly facts: Explanation;
  /** Null while nobody knows the card. */
  readonly versions: ProfileVersions | null;
  readonly confirmed: boolean;
  readonly requestedAt: string;
  readonly decidedAt: string;
  readonly timings: DecisionTimings;
  readonly answer: LeftAnswer | null;
}

export interface Decisions {
  find(id: DecisionId): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  ofCard(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<DecisionRecord>>;
}
