/** Customer accounts: money of one customer in one currency. */
import type { MovementRefusal, StatusCommand } from '../domain/account-rules.ts';
import type { AccountId, TenantId } from '../domain/ids.ts';
import type { JournalEntry } from '../domain/ledger.ts';
import type { Currency, MinorUnits } from '../domain/money.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export type AccountStatus = 'open' | 'frozen' | 'closed';

export interface Account {
  readonly id: AccountId;
  readonly tenantId: TenantId;
  readonly customerRef: string;
  readonly currency: Currency;
  readonly status: AccountStatus;
  readonly creditLimitMinor: MinorUnits;
  readonly allowPartial: boolean;
  readonly availableMinor: MinorUnits;
  readonly heldMinor: MinorUnits;
  /** ISO 8601. */
  readonly createdAt: string;
}

type NewAccount = Pick<
  Account,
  'id' | 'tenantId' | 'customerRef' | 'currency' | 'creditLimitMinor' | 'allowPartial'
>;

/** What of an account may be changed at any time before it is closed. */
export interface AccountSettings {
  readonly creditLimitMinor?: MinorUnits | undefined;
  readonly allowPartial?: boolean | undefined;
}

export type AccountChangeOutcome =
  | { readonly kind: 'changed'; readonly account: Account }
  | { readonly kind: 'unknown_account' }
  | { readonly kind: 'is_closed' }
  /** Closing needs both balances at 0. */
  | {
      readonly kind: 'not_empty';
      readonly availableMinor: MinorUnits;
      readonly heldMinor: MinorUnits;
    }
  /** A closed account is opened again only for money that is left on it. */
  | { readonly kind: 'is_empty' };

interface Command {
  /** The account that the command is given to; its references are its own. */
  readonly accountId: AccountId;
  /** The caller's name for it; one account books it once, whatever the command. */
  readonly externalRef: string | null;
  /** When it happened for the customer, in milliseconds. */
  readonly atMs: number;
}

export interface NewPayment extends Command {
  readonly amountMinor: MinorUnits;
}

export interface NewTransfer extends NewPayment {
  readonly toAccountId: AccountId;
}

export interface NewReversal extends Command {
  readonly entryId: string;
}

/** An entry that a command has booked. */
export interface BookedEntry {
  readonly entryId: string;
  readonly kind: JournalEntry['kind'];
  readonly accountId: AccountId;
  /** Of a transfer, or its correction: the account at the other end. */
  readonly counterAccountId: AccountId | null;
  readonly currency: Currency;
  readonly amountMinor: MinorUnits;
  readonly externalRef: string | null;
  readonly correctsEntryId: string | null;
  /** What was available on the account after it. */
  readonly availableMinor: MinorUnits;
  /** ISO 8601 with microseconds. */
  readonly postedAt: string;
}

export type BookingRefusal =
  | MovementRefusal
  | { readonly kind: 'unknown_account'; readonly accountId: AccountId }
  | { readonly kind: 'same_account' }
  /** The reference was used for something else. */
  | { readonly kind: 'ref_reused'; readonly entryId: string }
  | { readonly kind: 'unknown_entry' }
  /** Not an entry that a command of this account has booked. */
  | {
      readonly kind: 'not_reversible';
      readonly entryKind: JournalEntry['kind'];
      readonly accountId: AccountId | null;
    }
  | { readonly kind: 'already_corrected'; readonly entryId: string };

export type BookingOutcome =
  | { readonly kind: 'booked'; readonly entry: BookedEntry }
  | BookingRefusal;

interface AccountFilter {
  readonly tenantId?: string | undefined;
  readonly customerRef?: string | undefined;
}

/**
 * Commands lock their accounts first, so that no decision commits after them on older facts. A repeat with the
 * same reference and content answers the first booking; a refusal has written nothing.
 */
export interface Accounts {
  create(account: NewAccount): Promise<Account>;
  find(id: AccountId): Promise<Account | undefined>;
  list(filter: AccountFilter, page: PageRequest): Promise<PageOrRefusal<Account>>;
  changeSettings(id: AccountId, settings: AccountSettings): Promise<AccountChangeOutcome>;
  changeStatus(id: AccountId, command: StatusCommand): Promise<AccountChangeOutcome>;
  credit(payment: NewPayment): Promise<BookingOutcome>;
  debit(payment: NewPayment): Promise<BookingOutcome>;
  transfer(transfer: NewTransfer): Promise<BookingOutcome>;
  /** Takes back a credit, a debit or a transfer, by an entry of its own. */
  reverse(reversal: NewReversal): Promise<BookingOutcome>;
}
