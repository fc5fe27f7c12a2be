/** The feed of changes: what a company's own systems follow, in one order, without personal data. */
import type { TenantId } from '../domain/ids.ts';
import type { JournalEntry } from '../domain/ledger.ts';

interface ChangePlace {
  /** Given as `after` it brings what comes after this change. */
  readonly cursor: string;
  /** Null of what belongs to no tenant that is known. */
  readonly tenantId: string | null;
  readonly cardId: string | null;
  readonly accountId: string | null;
  /** When it was written, ISO 8601 in UTC. The order is not that of these times: of two transactions either may end first. */
  readonly at: string;
}

export interface PhaseChange {
  /** Null of a card that was just requested. */
  readonly from: string | null;
  readonly to: string;
  /** Kind of the fact that moved it. */
  readonly cause: string | null;
}

export interface DecisionChange {
  readonly decisionId: string;
  readonly authorizationId: string | null;
  readonly approved: boolean;
  readonly reason: string;
  readonly currency: string | null;
  readonly askedMinor: number | null;
  readonly approvedMinor: number;
}

export interface BookingChange {
  readonly entryId: string;
  readonly entryKind: JournalEntry['kind'];
  readonly currency: string;
  readonly counterAccountId: string | null;
  readonly authorizationId: string | null;
  readonly transactionId: string | null;
  readonly decisionId: string | null;
  readonly correctsEntryId: string | null;
  readonly effectiveAt: string;
  readonly postings: readonly {
    readonly debit: string;
    readonly credit: string;
    readonly amountMinor: number;
    /** Null where no customer account is touched, as of money in suspense. */
    readonly accountId: string | null;
  }[];
}

export interface AttentionChange {
  readonly itemId: string;
  readonly itemKind: string;
  /** What it is about: an id. */
  readonly subject: string;
}

export type ChangeBody =
  | { readonly kind: 'phase'; readonly phase: PhaseChange }
  | { readonly kind: 'decision'; readonly decision: DecisionChange }
  | { readonly kind: 'booking'; readonly booking: BookingChange }
  | {
      readonly kind: 'attention_opened' | 'attention_closed';
      readonly attention: AttentionChange;
    };
export type Change = ChangePlace & ChangeBody;

export interface ChangeRequest {
  /** Where to go on; from the beginning without it. */
  readonly after?: string | undefined;
  readonly tenantId?: TenantId | undefined;
  readonly limit: number;
}

export interface ChangePage {
  readonly data: readonly Change[];
  /** Where to go on; also when there is nothing to show. */
  readonly nextCursor: string;
  /** Whether more can be read at once. */
  readonly hasMore: boolean;
}

export interface ChangeFeed {
  /** `restarted`: the database was restored since the cursor was given, and its order has begun anew. */
  read(request: ChangeRequest): Promise<ChangePage | 'bad_cursor' | 'restarted'>;
  /** The cursor of this moment. */
  latest(): Promise<string>;
}
