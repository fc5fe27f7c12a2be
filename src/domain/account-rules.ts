/**
 * What commands of the API may do to customer accounts: which moves of money, and which changes of status. What
 * the network posts does not ask here: it is always booked.
 */
import type { AccountId, TenantId } from './ids.ts';
import type { LedgerKind } from './ledger.ts';
import { type Currency, type MinorUnits, ZERO } from './money.ts';

export interface AccountStanding {
  readonly id: AccountId;
  readonly tenantId: TenantId;
  readonly currency: Currency;
  readonly status: 'open' | 'frozen' | 'closed';
  readonly availableMinor: MinorUnits;
  readonly heldMinor: MinorUnits;
  readonly creditLimitMinor: MinorUnits;
}

/** Money on its way from one customer account to another; null stands for `funding`, the cash at the bank. */
export interface Movement {
  readonly from: AccountStanding | null;
  readonly to: AccountStanding | null;
  readonly amountMinor: MinorUnits;
}

export type MovementRefusal =
  | { readonly kind: 'tenant_mismatch' }
  | { readonly kind: 'currency_mismatch'; readonly from: Currency; readonly to: Currency }
  | {
      readonly kind: 'not_open';
      readonly accountId: AccountId;
      readonly status: AccountStanding['status'];
    }
  | {
      readonly kind: 'insufficient_funds';
      readonly accountId: AccountId;
      readonly availableMinor: MinorUnits;
      readonly creditLimitMinor: MinorUnits;
    }
  /** The balance would leave the range in which numbers are exact. */
  | { readonly kind: 'out_of_range'; readonly accountId: AccountId };

/** Why money may not move, or null. The credit limit counts as spendable, as it does for a decision. */
export function movementRefusal({ from, to, amountMinor }: Movement): MovementRefusal | null {
  if (from !== null && to !== null) {
    if (from.tenantId !== to.tenantId) return { kind: 'tenant_mismatch' };
    if (from.currency !== to.currency) {
      return { kind: 'currency_mismatch', from: from.currency, to: to.currency };
    }
  }
  for (const account of [from, to]) {
    if (account !== null && account.status !== 'open') {
      return { kind: 'not_open', accountId: account.id, status: account.status };
    }
  }
  if (from !== null && from.availableMinor + from.creditLimitMinor < amountMinor) {
    const { id: accountId, availableMinor, creditLimitMinor } = from;
    return { kind: 'insufficient_funds', accountId, availableMinor, creditLimitMinor };
  }
  // Together with what is held, because a release brings it back and a statement shows the sum.
  if (to !== null && to.availableMinor + to.heldMinor + amountMinor > Number.MAX_SAFE_INTEGER) {
    return { kind: 'out_of_range', accountId: to.id };
  }
  return null;
}

export interface AccountPosting {
  readonly accountId: AccountId;
  readonly debit: LedgerKind;
  readonly credit: LedgerKind;
}

/** Money between two accounts goes through `funding`, which it leaves as it was. */
export const movementPostings = ({ from, to }: Movement): readonly AccountPosting[] => [
  ...(from === null
    ? []
    : [{ accountId: from.id, debit: 'available', credit: 'funding' } as const]),
  ...(to === null ? [] : [{ accountId: to.id, debit: 'funding', credit: 'available' } as const]),
];

export type StatusCommand = 'freeze' | 'unfreeze' | 'close' | 'reopen';

export type StatusVerdict =
  | { readonly kind: 'as_wanted' }
  | {
      readonly kind: 'becomes';
      readonly status: AccountStanding['status'];
      readonly creditLimitMinor: MinorUnits;
    }
  | { readonly kind: 'is_closed' }
  | { readonly kind: 'not_empty' }
  | { readonly kind: 'is_empty' };

/**
 * What a command makes of an account's status. Closed is final, but for one case: the network may post to a
 * closed account, and money that came that way must not be locked up, so while there is any it may be reopened.
 */
export function statusAfter(account: AccountStanding, command: StatusCommand): StatusVerdict {
  const { status, creditLimitMinor } = account;
  const isEmpty = account.availableMinor === 0 && account.heldMinor === 0;
  switch (command) {
    case 'freeze':
    case 'unfreeze': {
      if (status === 'closed') return { kind: 'is_closed' };
      const wanted = command === 'freeze' ? 'frozen' : 'open';
      if (status === wanted) return { kind: 'as_wanted' };
      return { kind: 'becomes', status: wanted, creditLimitMinor };
    }
    case 'close':
      if (status === 'closed') return { kind: 'as_wanted' };
      if (!isEmpty) return { kind: 'not_empty' };
      // Nobody borrows on a closed account: whatever the network takes from it afterwards is an overdraft.
      return { kind: 'becomes', status: 'closed', creditLimitMinor: ZERO };
    case 'reopen':
      if (status !== 'closed') return { kind: 'as_wanted' };
      if (isEmpty) return { kind: 'is_empty' };
      return { kind: 'becomes', status: 'open', creditLimitMinor };
  }
}
