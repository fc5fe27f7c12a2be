/** Clearing records of cards, accounts and tenants, and how each was booked. */

import type { PageRequest } from '../../ports/page.ts';
import type {
  TransactionFilter,
  TransactionPosting,
  Transactions,
} from '../../ports/transactions.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';
import {
  isoTime,
  type TransactionRow,
  toTransaction,
  transactionColumns,
} from './transaction-rows.ts';

const ORDER = { table: 'transactions', id: 'transaction_id', time: 'created_at' } as const;

type PostingRow = Omit<TransactionPosting, 'effectiveAt' | 'postedAt'> & {
  effectiveAt: Date;
  postedAt: Date;
};

export function createTransactionStore(sql: Queryable): Transactions {
  return {
    async find(id) {
      const [row] = await sql<TransactionRow[]>`
        select ${transactionColumns(sql)} from transactions where transaction_id = ${id}`;
      if (row === undefined) return undefined;
      const postings = await postingsOf(sql, id);
      return { ...toTransaction(row), postings };
    },

    async list(filter, page) {
      const rows = await selectPage(sql, filter, page);
      return toPage(rows.map(toTransaction), page, cursorIn(sql, ORDER));
    },
  };
}

/** Two selects, so that each finds its own index of entries by transaction. */
async function postingsOf(sql: Queryable, id: string): Promise<TransactionPosting[]> {
  const rows = await sql<PostingRow[]>`
    select e.entry_id::text as "entryId", e.kind, p.debit, p.credit, p.amount_minor as "amountMinor",
           p.account_id as "accountId", e.effective_at as "effectiveAt", p.posted_at as "postedAt"
      from (select * from journal_entries where transaction_id = ${id} and kind in ('capture', 'refund')
            union all
            select * from journal_entries where transaction_id = ${id} and kind = 'suspense_resolution') e
      join postings p using (entry_id)
     order by p.posting_id`;
  return rows.map((row) => ({
    ...row,
    effectiveAt: isoTime(row.effectiveAt),
    postedAt: isoTime(row.postedAt),
  }));
}

function selectPage(
  sql: Queryable,
  filter: TransactionFilter,
  page: PageRequest,
): Promise<TransactionRow[]> {
  const { tenantId, cardId, accountId, authorizationId } = filter;
  const columns = transactionColumns(sql);
  if (cardId !== undefined || accountId !== undefined || authorizationId !== undefined) {
    return sql<TransactionRow[]>`
      select ${columns} from transactions where true
        ${cardId === undefined ? sql`` : sql`and card_id = ${cardId}`}
        ${accountId === undefined ? sql`` : sql`and account_id = ${accountId}`}
        ${authorizationId === undefined ? sql`` : sql`and authorization_id = ${authorizationId}`}
        ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
        ${afterCursor(sql, ORDER, page)}
       order by created_at desc, transaction_id desc limit ${rowsFor(page)}`;
  }
  // A page of each tenant, by the index, and the newest of them all: there are few tenants and many records.
  return sql<TransactionRow[]>`
    select x.* from tenants t
     cross join lateral (
       select ${columns} from transactions
        where transactions.tenant_id = t.tenant_id ${afterCursor(sql, ORDER, page)}
        order by created_at desc, transaction_id desc limit ${rowsFor(page)}) x
     where true ${tenantId === undefined ? sql`` : sql`and t.tenant_id = ${tenantId}`}
     order by x."createdAt" desc, x.id desc limit ${rowsFor(page)}`;
}
