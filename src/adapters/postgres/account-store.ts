/** Customer accounts in Postgres. Balances are read here; they are written with the postings alone. */
import { invariant } from '../../domain/invariant.ts';
import type { Accounts } from '../../ports/accounts.ts';
import { book } from './account-bookings.ts';
import { changeSettings, changeStatus } from './account-changes.ts';
import { reverseEntry } from './account-reversals.ts';
import { type AccountRow, accountColumns, toAccount } from './account-rows.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

const ORDER = { table: 'accounts', id: 'account_id', time: 'created_at' } as const;

export function createAccountStore(sql: Queryable): Accounts {
  const columns = accountColumns(sql);
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

    changeSettings: (id, settings) => changeSettings(sql, id, settings),
    changeStatus: (id, command) => changeStatus(sql, id, command),

    credit: (payment) => {
      const { accountId } = payment;
      return book(sql, { ...payment, kind: 'credit', from: null, to: accountId });
    },
    debit: (payment) => {
      const { accountId } = payment;
      return book(sql, { ...payment, kind: 'debit', from: accountId, to: null });
    },
    transfer: async ({ toAccountId: to, ...payment }) => {
      const { accountId } = payment;
      if (to === accountId) return { kind: 'same_account' };
      return book(sql, { ...payment, kind: 'transfer', from: accountId, to });
    },
    reverse: (reversal) => reverseEntry(sql, reversal),
  };
}
