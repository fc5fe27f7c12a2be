/** Rows of accounts, read and locked. */
import { type AccountId, parseAccountId, parseTenantId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { type Currency, minorUnits, parseCurrency } from '../../domain/money.ts';
import type { Account, AccountStatus } from '../../ports/accounts.ts';
import type { Queryable } from './pool.ts';

export interface AccountRow {
  account_id: string;
  tenant_id: string;
  customer_ref: string;
  currency: string;
  status: AccountStatus;
  credit_limit_minor: number;
  allow_partial: boolean;
  available_minor: number;
  held_minor: number;
  created_at: Date;
}

export const accountColumns = (sql: Queryable) => sql`
  account_id, tenant_id, customer_ref, currency, status, credit_limit_minor, allow_partial, available_minor,
  held_minor, created_at`;

/** The currency of a row, which was checked when the row was written. */
export function knownCurrency(text: string): Currency {
  const currency = parseCurrency(text);
  invariant(currency !== undefined, `${text} is no known currency`);
  return currency;
}

export const toAccount = (row: AccountRow): Account => ({
  id: parseAccountId(row.account_id),
  tenantId: parseTenantId(row.tenant_id),
  customerRef: row.customer_ref,
  currency: knownCurrency(row.currency),
  status: row.status,
  creditLimitMinor: minorUnits(row.credit_limit_minor),
  allowPartial: row.allow_partial,
  availableMinor: minorUnits(row.available_minor),
  heldMinor: minorUnits(row.held_minor),
  createdAt: row.created_at.toISOString(),
});

/**
 * Locks the accounts that are there, ascending, in a statement of its own: the order of everybody who locks
 * accounts, so that two transfers in opposite directions wait for one another and do not deadlock.
 */
export async function lockAccounts(
  sql: Queryable,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, Account>> {
  const rows = await sql<AccountRow[]>`
    select ${accountColumns(sql)} from accounts where account_id = any(${[...ids]}::text[])
     order by account_id for no key update`;
  return new Map(rows.map(toAccount).map((account) => [account.id, account]));
}
