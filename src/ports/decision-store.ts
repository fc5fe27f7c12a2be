/** Where decisions are made: Postgres, seen from the authorizer. */
import type {
  AuthorizationRequest,
  CardProfile,
  DecisionReason,
  RuleResult,
} from '../domain/decision.ts';
import type { StripeCardId } from '../domain/ids.ts';
import type { MinorUnits } from '../domain/money.ts';

/** A request with what the rules made of it; `profile` is null for a card nobody knows. */
export interface Question {
  readonly request: AuthorizationRequest;
  readonly profile: CardProfile | null;
  readonly rule: RuleResult;
  /** Milliseconds since the request was received, by step; stored with the decision. */
  readonly timings: Readonly<Record<string, number>>;
  /** Past this time (ours) nothing is written: the caller has answered by then. */
  readonly deadlineMs: number;
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
  | { readonly kind: 'failed'; readonly error: string };

export interface DecisionStore {
  /** Decides the questions in their order, in one transaction. Answers one reply each, in the same order. */
  decide(questions: readonly Question[]): Promise<readonly Reply[]>;
  /** All that the rules need to know of a Stripe card; null when nobody knows it. */
  loadProfile(
    stripeAccount: string | null,
    stripeCardId: StripeCardId,
  ): Promise<CardProfile | null>;
  /** Calls back with `<table>:<id>` whenever something changed that a profile is made of. */
  onProfileChange(listener: (change: string) => void): Promise<void>;
  /** Gives the connections up and makes new ones: those that hang would be waited for as long as the kernel does. */
  reconnect(): void;
  /** Whether Postgres answers. */
  isReachable(): Promise<boolean>;
}
