/** Attention items, for the people who settle them. To open them, and to close them otherwise, is the writers' business. */
import { followsState } from '../../domain/attention-remedies.ts';
import type { AttentionList, ResolveOutcome, Resolving } from '../../ports/attention.ts';
import { type AttentionRow, attentionColumns, toAttentionItem } from './attention-rows.ts';
import { addAudit } from './audit-log-store.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

const ORDER = { table: 'attention_items', id: 'item_id', time: 'opened_at' } as const;

export function createAttentionStore(sql: Queryable): AttentionList {
  const ofStatus = {
    open: sql`and closed_at is null`,
    closed: sql`and closed_at is not null`,
    all: sql``,
  };
  return {
    async list({ tenantId, cardId, status }, page) {
      const rows = await sql<AttentionRow[]>`
        select ${attentionColumns(sql)} from attention_items where true ${ofStatus[status]}
           ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
           ${cardId === undefined ? sql`` : sql`and card_id = ${cardId}`}
           ${afterCursor(sql, ORDER, page)}
         order by opened_at desc, item_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toAttentionItem), page, cursorIn(sql, ORDER));
    },

    resolve: (itemId, act) => resolve(sql, itemId, act),
  };
}

async function resolve(sql: Queryable, itemId: string, act: Resolving): Promise<ResolveOutcome> {
  const [found] = await sql<AttentionRow[]>`
    select ${attentionColumns(sql)} from attention_items where item_id = ${itemId} for no key update`;
  if (found === undefined) return { kind: 'unknown' };
  const item = toAttentionItem(found);
  if (item.closedAt !== null) return { kind: 'closed_before', item };
  if (followsState(item.kind)) return { kind: 'follows_state', item };
  const [row = found] = await sql<AttentionRow[]>`
    update attention_items
       set closed_at = clock_timestamp(), resolution = ${act.reason}, resolved_by = ${act.by}
     where item_id = ${itemId} returning ${attentionColumns(sql)}`;
  const { kind, subject } = item;
  const details = { kind, subject };
  await addAudit(sql, act, { action: 'attention.resolved', subject: itemId, details });
  return { kind: 'resolved', item: toAttentionItem(row) };
}
