/** What happened on a customer account: balances of past moments, its entries, and statements. */
import type { AccountId, CardId } from '../domain/ids.ts';
import type { JournalEntry } from '../domain/ledger.ts';
import type { Currency, MinorUnits } from '../domain/money.ts';
import type { BalanceMove } from '../domain/statement.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface Balances {
  readonly availableMinor: MinorUnits;
  readonly heldMinor: MinorUnits;
}

export interface PastBalance extends Balances {
  readonly accountId: AccountId;
  readonly currency: Currency;
  /** The moment that was looked at: never later than now. Times here are ISO 8601 with microseconds. */
  readonly at: string;
  /** Of the newest posting until then; null before the first. */
  readonly postedAt: string | null;
}

/** What an entry is about. */
interface EntryReferences {
  readonly authorizationId: string | null;
  readonly transactionId: string | null;
  readonly externalRef: string | null;
  readonly correctsEntryId: string | null;
  /** The account at the other end of a transfer. */
  readonly counterAccountId: AccountId | null;
}

/** One posting of an account; an entry may have several. */
export interface AccountEntry extends Balances, EntryReferences {
  readonly entryId: string;
  /** Number of the posting, counted from 1 in each account. */
  readonly seq: number;
  readonly kind: JournalEntry['kind'];
  readonly postedAt: string;
  /** When it happened for the customer; may lie in the past of `postedAt`. */
  readonly effectiveAt: string;
  /** Signed: what came in is positive. */
  readonly availableChangeMinor: MinorUnits;
  readonly heldChangeMinor: MinorUnits;
  readonly decisionId: string | null;
}

/** From, inclusive, until `to`, exclusive; by the time of booking. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

interface StatementBalance extends Balances {
  /** What is available and held together: money that is held has not left the account. */
  readonly balanceMinor: MinorUnits;
  /** Number of the last posting before it; 0 before the first. */
  readonly seq: number;
}

/** A statement without its lines. */
export interface StatementFrame extends Period {
  readonly accountId: AccountId;
  readonly customerRef: string;
  readonly currency: Currency;
  /** Whether nothing can be added any more. */
  readonly final: boolean;
  readonly opening: StatementBalance;
  readonly closing: StatementBalance;
}

/** Money that came or went. Holds and releases are no lines. */
export interface StatementLine extends BalanceMove, EntryReferences {
  readonly seq: number;
  readonly kind: JournalEntry['kind'];
  readonly postedAt: string;
  readonly effectiveAt: string;
  readonly cardId: CardId | null;
  readonly merchant: string | null;
}

export interface AccountHistory {
  /** Answers by the newest posting until the moment; undefined for an unknown account. */
  balanceAt(accountId: AccountId, at: string): Promise<PastBalance | undefined>;
  /** Newest first. */
  entries(accountId: AccountId, page: PageRequest): Promise<PageOrRefusal<AccountEntry>>;
  statement(accountId: AccountId, period: Period): Promise<StatementFrame | undefined>;
  /** Oldest first. It is checked that all lines together lead from the opening to the closing balance. */
  lines(frame: StatementFrame, page: PageRequest): Promise<PageOrRefusal<StatementLine>>;
}
