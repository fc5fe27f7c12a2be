/** Customer accounts: money of one customer in one currency. */
import type { AccountId, TenantId } from '../domain/ids.ts';
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

export interface NewCredit {
  readonly accountId: AccountId;
  readonly amountMinor: MinorUnits;
  /** The caller's name for the payment; one account books it once. */
  readonly externalRef: string | null;
  /** When the customer paid, in milliseconds. */
  readonly atMs: number;
}

export interface Credit {
  readonly entryId: string;
  readonly accountId: AccountId;
  readonly currency: Currency;
  readonly amountMinor: MinorUnits;
  readonly externalRef: string | null;
  /** The balance after this credit. */
  readonly availableMinor: MinorUnits;
  /** ISO 8601. */
  readonly postedAt: string;
}

export type CreditOutcome =
  | { readonly kind: 'booked'; readonly credit: Credit }
  | { readonly kind: 'unknown_account' }
  | { readonly kind: 'not_open'; readonly status: AccountStatus }
  /** The reference was used for another amount. */
  | { readonly kind: 'ref_reused'; readonly entryId: string };

interface AccountFilter {
  readonly tenantId?: string | undefined;
  readonly customerRef?: string | undefined;
}

export interface Accounts {
  create(account: NewAccount): Promise<Account>;
  find(id: AccountId): Promise<Account | undefined>;
  list(filter: AccountFilter, page: PageRequest): Promise<PageOrRefusal<Account>>;
  /** Books money onto an open account; a repeat with the same reference and amount returns the first booking. */
  credit(credit: NewCredit): Promise<CreditOutcome>;
}
