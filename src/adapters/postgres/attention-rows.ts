/** Rows of attention items as people read them, with what to do about each. */
import { remedyOf } from '../../domain/attention-remedies.ts';
import type { AttentionItem } from '../../ports/attention.ts';
import type { Queryable } from './pool.ts';
import { isoTime } from './transaction-rows.ts';

/** Times are texts where the row went through JSON. */
export type AttentionRow = Omit<AttentionItem, 'openedAt' | 'closedAt' | 'remedy'> & {
  readonly openedAt: Date | string;
  readonly closedAt: Date | string | null;
};

/** Named as the fields of the item. */
export const attentionColumns = (sql: Queryable) => sql`
  item_id as id, tenant_id as "tenantId", kind, subject, card_id as "cardId", account_id as "accountId", details,
  opened_at as "openedAt", closed_at as "closedAt", resolution, resolved_by as "resolvedBy"`;

export const toAttentionItem = (row: AttentionRow): AttentionItem => ({
  ...row,
  openedAt: isoTime(row.openedAt),
  closedAt: row.closedAt === null ? null : isoTime(row.closedAt),
  remedy: remedyOf(row.kind),
});
