/** Attention items, for the people who settle them. Opening and closing them is the writers' business. */
import type { AttentionItem, AttentionList } from '../../ports/attention.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

type AttentionRow = Omit<AttentionItem, 'openedAt' | 'closedAt'> & {
  openedAt: Date;
  closedAt: Date | null;
};

const ORDER = { table: 'attention_items', id: 'item_id', time: 'opened_at' } as const;

export function createAttentionList(sql: Queryable): AttentionList {
  const ofStatus = {
    open: sql`and closed_at is null`,
    closed: sql`and closed_at is not null`,
    all: sql``,
  };
  return {
    async list({ tenantId, cardId, status }, page) {
      const rows = await sql<AttentionRow[]>`
        select item_id as id, tenant_id as "tenantId", kind, subject, card_id as "cardId",
               account_id as "accountId", details, opened_at as "openedAt",
               closed_at as "closedAt", resolution
          from attention_items where true ${ofStatus[status]}
           ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
           ${cardId === undefined ? sql`` : sql`and card_id = ${cardId}`}
           ${afterCursor(sql, ORDER, page)}
         order by opened_at desc, item_id desc limit ${rowsFor(page)}`;
      const data = rows.map((row) => ({
        ...row,
        openedAt: row.openedAt.toISOString(),
        closedAt: row.closedAt?.toISOString() ?? null,
      }));
      return toPage(data, page, cursorIn(sql, ORDER));
    },
  };
}
