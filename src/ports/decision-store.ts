/** Where decisions are made: Postgres, seen from the authorizer. */
import type { AskedRequest } from '../domain/authorization-request.ts';
import type { CardProfile } from '../domain/card-profile.ts';
import type { RuleResult } from '../domain/decision.ts';
import type { DecisionReason } from '../domain/decision-reasons.ts';
import type { StripeCardId } from '../domain/ids.ts';
import type { MinorUnits } from '../domain/money.ts';

/** A request with what the rules made of it; `profile` is null for a card nobody knows. */
export interface Question {
  readonly request: AskedRequest;
  readonly profile: CardProfile | null;
  readonly rule: RuleResult;
  /** Stored with the decision. */
  readonly timings: Timings;
  /** Past this time (ours) nothing is written: the caller has answered by then. */
  readonly deadlineMs: number;
}

/** When the request came in (ISO 8601), and how long each step had taken by its end: milliseconds since then. */
export interface Timings {
  readonly receivedAt: string;
  readonly verifiedMs: number;
  /** The card's profile was there, from memory or from Postgres. */
  readonly profileMs: number;
}

export interface Decided {
  readonly kind: 'decided';
  readonly decisionId: string;
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly approvedMinor: MinorUnits;
}

export type Reply =
  | Decided
  /** Somebody else holds the account's lock; nothing was written. */
  | { readonly kind: 'busy' }
  /** The profile is older than the rows; the fresh one comes along. */
  | { readonly kind: 'stale'; readonly profile: CardProfile | null }
  | { readonly kind: 'too_late' }
  /** No tenant has the Stripe account that asks, so there is nobody to record the decision for. */
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'failed'; readonly error: string };

/** What left our process as the answer; recorded a moment later. */
export interface GivenAnswer {
  readonly requestId: string;
  readonly stripeAccount: string | null;
  /** Null for a fallback: Postgres had no part in it, though it may have recorded a decision after all. */
  readonly decisionId: string | null;
  readonly approved: boolean;
  readonly reason: DecisionReason;
  /** Milliseconds since the request came in. */
  readonly timings: { readonly databaseMs: number | null; readonly answeredMs: number };
  /** ISO 8601. */
  readonly answeredAt: string;
}

export interface ProfileKey {
  readonly stripeAccount: string | null;
  readonly stripeCardId: StripeCardId;
}

export interface DecisionStore {
  /** Decides the questions in their order, in one transaction. Answers one reply each, in the same order. */
  decide(questions: readonly Question[]): Promise<readonly Reply[]>;
  /** All that the rules need to know of Stripe cards, in the order of the keys; null when nobody knows the card. */
  loadProfiles(keys: readonly ProfileKey[]): Promise<readonly (CardProfile | null)[]>;
  /** Keeps what was answered, for people to read. Losing some costs no money. */
  recordAnswers(answers: readonly GivenAnswer[]): Promise<void>;
  /**
   * Calls back with `<table>:<id>` whenever something changed that a profile is made of, from as soon as Postgres can be
   * reached. What is missed while it cannot costs a second call, see `stale`.
   */
  onProfileChange(listener: (change: string) => void): void;
  /** Gives the connections up and makes new ones: those that hang would be waited for as long as the kernel does. */
  reconnect(): void;
  /** Rejects when Postgres could not decide now. */
  probe(): Promise<void>;
}
