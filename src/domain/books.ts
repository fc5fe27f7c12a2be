/**
 * The books of some customers as values: what is stored of their cards, accounts, authorizations and clearing
 * records. `applySightings` (apply-sightings.ts) takes them and what was newly seen, and answers a `BooksChange`; the
 * adapter in Postgres and the tests in memory write the same change.
 */

import type { AuthorizationFlag } from './authorization-flags.ts';
import type { AuthorizationStatus, Merchant, ObservedTransaction } from './authorization-state.ts';
import type { CardFact } from './card-facts.ts';
import type { CardPhase } from './card-phase.ts';
import type { Confirmation, RecordedDecision } from './confirmation.ts';
import type { AuthorizationRecord } from './convergence.ts';
import type { CapturedAmountReading } from './hold.ts';
import type {
  AccountId,
  AuthorizationId,
  CardId,
  StripeCardId,
  TenantId,
  TransactionId,
} from './ids.ts';
import type { JournalEntry } from './ledger.ts';
import type { Currency, MinorUnits } from './money.ts';
import type { Sighting } from './sighting.ts';

/** A customer's account, as far as clearing records concern it. */
export interface AccountState {
  readonly accountId: AccountId;
  readonly tenantId: TenantId;
  readonly currency: Currency;
  /** May be below zero: only the network can bring it there. */
  readonly availableMinor: MinorUnits;
  readonly creditLimitMinor: MinorUnits;
  /** What the network posts is booked whatever the status. */
  readonly status: 'open' | 'frozen' | 'closed';
}

/** A Stripe card that is known here, with the card and account it belongs to. */
export interface CardState {
  readonly stripeCardId: StripeCardId;
  readonly tenantId: TenantId;
  readonly cardId: CardId;
  readonly accountId: AccountId;
  readonly phase: CardPhase;
  /** `unused`, `spending`, `dormant`, or null before the card was active. */
  readonly usage: string | null;
  readonly reading: CapturedAmountReading;
}

/** One authorization as stored: what is known of it, and what follows from that. */
export interface AuthorizationState {
  readonly record: AuthorizationRecord;
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  readonly cardId: CardId;
  readonly stripeCardId: StripeCardId;
  readonly currency: Currency;
  readonly status: AuthorizationStatus;
  readonly capturedMinor: MinorUnits;
  readonly refundedMinor: MinorUnits;
  /** What it counts towards spending limits. */
  readonly countedMinor: MinorUnits;
  /** The moment it counts at: our first approval, else Stripe's creation, in seconds. */
  readonly anchoredS: number;
  readonly isPurchase: boolean;
  /** Clearing records that it was seen to list, and that are not on the books as its own: one may come without its name. */
  readonly awaits: readonly TransactionId[];
  readonly merchant: Merchant | null;
  readonly flags: readonly AuthorizationFlag[];
}

export const TRANSACTION_FLAGS = [
  'forced_capture',
  'unlinked_refund',
  'suspense',
  'wrong_currency',
  /** Booked while the account was not open. */
  'account_frozen',
  'account_closed',
] as const;
export type TransactionFlag = (typeof TRANSACTION_FLAGS)[number];

/** A clearing record on the books. Its account is null while the money waits in suspense. */
export interface TransactionState {
  readonly transaction: ObservedTransaction;
  readonly tenantId: TenantId;
  readonly accountId: AccountId | null;
  readonly cardId: CardId | null;
  readonly flags: readonly TransactionFlag[];
}

/** Everything stored that the sightings of a batch concern. */
export interface Books {
  readonly cards: ReadonlyMap<StripeCardId, CardState>;
  readonly accounts: ReadonlyMap<AccountId, AccountState>;
  readonly authorizations: ReadonlyMap<AuthorizationId, AuthorizationState>;
  readonly transactions: ReadonlyMap<TransactionId, TransactionState>;
  /** Decisions on authorizations that are not stored: our declines come before anything else is known of them. */
  readonly decisions: ReadonlyMap<AuthorizationId, readonly RecordedDecision[]>;
}

/** What is about money among all that can be seen. */
export type MoneySighting = Extract<
  Sighting,
  { readonly kind: 'authorization' | 'transaction' | 'decision' | 'card_recorded' }
>;

export interface SeenRow {
  /** Names the row among the outcomes. */
  readonly key: number;
  readonly tenantId: TenantId;
  readonly sighting: MoneySighting;
}

/** How a row ended: `parked` waits for its card to become known. */
export type SeenOutcome =
  | { readonly kind: 'applied'; readonly reason: string | null }
  | { readonly kind: 'parked'; readonly reason: string }
  /** A person has to look at it; `hasItem` when an item of its own was opened for what it says. */
  | { readonly kind: 'attention'; readonly reason: string; readonly hasItem: boolean };

/** What only a person can settle; at most one is open per tenant, kind and subject. */
export interface AttentionItem {
  readonly tenantId: TenantId;
  readonly kind: string;
  /** The id of what it is about. */
  readonly subject: string;
  readonly cardId: CardId | null;
  readonly accountId: AccountId | null;
  /** The facts that a person needs. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface ClosedItem {
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly subject: string;
  readonly resolution: string;
}

/** An entry with its owner; the account is null for entries that touch tenant accounts only. */
export interface OwnedEntry {
  readonly tenantId: TenantId;
  readonly currency: Currency;
  readonly accountId: AccountId | null;
  readonly entry: JournalEntry;
}

/** What changes in a card's cumulative spending. */
export interface SpendingDelta {
  readonly purchases: number;
  readonly captures: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
}

/** What a batch makes of the books. States are whole: each replaces what is stored under its id. */
export interface BooksChange {
  readonly accounts: readonly AccountState[];
  readonly authorizations: readonly {
    readonly state: AuthorizationState;
    readonly isNew: boolean;
    readonly confirmations: readonly Confirmation[];
  }[];
  readonly transactions: readonly {
    readonly state: TransactionState;
    readonly isNew: boolean;
  }[];
  /** In the order in which they are written. */
  readonly entries: readonly OwnedEntry[];
  readonly opened: readonly AttentionItem[];
  readonly closed: readonly ClosedItem[];
  readonly facts: readonly {
    readonly tenantId: TenantId;
    readonly cardId: CardId;
    readonly fact: CardFact;
    readonly dedupeKey: string;
  }[];
  readonly spending: readonly {
    readonly tenantId: TenantId;
    readonly cardId: CardId;
    readonly delta: SpendingDelta;
  }[];
  /** Stripe cards whose parked rows can move now. */
  readonly woken: readonly StripeCardId[];
  readonly outcomes: ReadonlyMap<number, SeenOutcome>;
}
