/** Rows of the inbox as people read them. */
import type { EventStatus, EventSummary } from '../../ports/events.ts';
import type { Queryable } from './pool.ts';
import { isoTime } from './transaction-rows.ts';

export const MS_PER_SECOND = 1_000;

/** A row with what it is found by again. */
export interface EventRow {
  readonly inboxId: string;
  readonly createdS: number;
  readonly groupKey: string;
  /** The transaction that settled it; null before. */
  readonly settledBy: string | null;
  readonly id: string;
  readonly tenantId: string | null;
  readonly stripeAccount: string | null;
  readonly type: string;
  readonly source: EventSummary['source'];
  readonly objectId: string | null;
  readonly receivedAt: Date;
  readonly status: EventStatus;
  readonly reason: string | null;
  readonly attempts: number;
  readonly nextTryAt: Date;
  readonly settledAt: Date | null;
  readonly erasedAt: Date | null;
}

export const eventColumns = (sql: Queryable) => sql`
  inbox_id::text as "inboxId", created as "createdS", group_key as "groupKey", settled_by::text as "settledBy",
  event_id as id, tenant_id as "tenantId", stripe_account as "stripeAccount", type, source, object_id as "objectId",
  received_at as "receivedAt", status, reason, attempts, next_try_at as "nextTryAt", settled_at as "settledAt",
  erased_at as "erasedAt"`;

export const toSummary = (row: EventRow): EventSummary => ({
  id: row.id,
  tenantId: row.tenantId,
  stripeAccount: row.stripeAccount,
  type: row.type,
  source: row.source,
  objectId: row.objectId,
  createdAt: new Date(row.createdS * MS_PER_SECOND).toISOString(),
  receivedAt: isoTime(row.receivedAt),
  status: row.status,
  reason: row.reason,
  attempts: row.attempts,
  nextTryAt: row.status === 'pending' ? isoTime(row.nextTryAt) : null,
  settledAt: row.settledAt === null ? null : isoTime(row.settledAt),
  erasedAt: row.erasedAt === null ? null : isoTime(row.erasedAt),
});
