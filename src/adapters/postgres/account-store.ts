/** Customer accounts in Postgres. Balances are read here and written by the posting trigger alone. */
import { parseAccountId, parseTenantId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { minorUnits, parseCurrency } from '../../domain/money.ts';
import type { Account, AccountStatus, Accounts } from '../../ports/accounts.ts';
import { bookCredit } from './account-credits.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

interface AccountRow {
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

const ORDER = { table: 'accounts', id: 'account_id', time: 'created_at' } as const;

function toAccount(row: AccountRow): Account {
  const currency = parseCurrency(row.currency);
  invariant(currency !== undefined, `account ${row.account_id} has an unknown currency`);
  return {
    id: parseAccountId(row.account_id),
    tenantId: parseTenantId(row.tenant_id),
    customerRef: row.customer_ref,
    currency,
    status: row.status,
    creditLimitMinor: minorUnits(row.credit_limit_minor),
    allowPartial: row.allow_partial,
    availableMinor: minorUnits(row.available_minor),
    heldMinor: minorUnits(row.held_minor),
    createdAt: row.created_at.toISOString(),
  };
}

export function createAccountStore(sql: Queryable): Accounts {
  const columns = sql`account_id, tenant_id, customer_ref, currency, status, credit_limit_minor, allow_partial,
    available_minor, held_minor, created_at`;
  return {
    async create(account) {
      const [row] = await sql<AccountRow[]>`
        insert into accounts (tenant_id, account_id, customer_ref, currency, credit_limit_minor, allow_partial)
        values (${account.tenantId}, ${account.id}, ${account.customerRef}, ${account.currency},
                ${account.creditLimitMinor}, ${account.allowPartial})
        returning ${columns}`;
      invariant(row !== undefined, 'an insert returns its row');
      return toAccount(row);
    },

    async find(id) {
      const [row] = await sql<
        AccountRow[]
      >`select ${columns} from accounts where account_id = ${id}`;
      return row === undefined ? undefined : toAccount(row);
    },

    async list(filter, page) {
      const { tenantId, customerRef } = filter;
      const rows = await sql<AccountRow[]>`
        select ${columns} from accounts where true
          ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
          ${customerRef === undefined ? sql`` : sql`and customer_ref = ${customerRef}`}
          ${afterCursor(sql, ORDER, page)}
         order by created_at desc, account_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toAccount), page, cursorIn(sql, ORDER));
    },

    credit: (credit) => bookCredit(sql, credit),
  };
}
