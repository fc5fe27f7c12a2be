/** Clearing records: captures and refunds, as they were booked. */
import type { Merchant } from '../domain/authorization-state.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

/** What an amount is made of, as Stripe says. */
export interface TransactionParts {
  readonly merchantAmountMinor: number | null;
  readonly merchantCurrency: string | null;
  readonly atmFeeMinor: number;
  readonly cashbackMinor: number;
}

export interface TransactionRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly type: 'capture' | 'refund';
  readonly authorizationId: string | null;
  /** Null while the card is unknown; the money is in suspense then. */
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly stripeCardId: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly parts: TransactionParts;
  readonly merchant: Merchant | null;
  readonly flags: string[];
  readonly createdAt: string;
}

/** One posting of a clearing record: from the debit side to the credit side. */
export interface TransactionPosting {
  readonly entryId: string;
  readonly kind: string;
  readonly debit: string;
  readonly credit: string;
  readonly amountMinor: number;
  readonly accountId: string | null;
  readonly effectiveAt: string;
  readonly postedAt: string;
}

export interface BookedTransactionRecord extends TransactionRecord {
  /** In the order of the books: the booking itself, then the way out of suspense. */
  readonly postings: TransactionPosting[];
}

export interface TransactionFilter {
  readonly tenantId?: string | undefined;
  readonly cardId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly authorizationId?: string | undefined;
}

export interface Transactions {
  find(id: string): Promise<BookedTransactionRecord | undefined>;
  /** By Stripe's time of the record, newest first. */
  list(filter: TransactionFilter, page: PageRequest): Promise<PageOrRefusal<TransactionRecord>>;
}
