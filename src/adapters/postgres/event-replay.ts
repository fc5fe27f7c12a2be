/**
 * Applies a stored event once more. The books converge, so that they take it twice like once. What it told the workflows
 * is told anew, as facts with numbers of their own: a workflow leaves out what it remembers by its number.
 */
import type { ByHand } from '../../ports/audit-log.ts';
import { addAudit } from './audit-log-store.ts';
import { factsOfEvent, REPLAYED, replaysOf, writersOf } from './event-fate.ts';
import type { EventRow } from './event-rows.ts';
import type { Queryable } from './pool.ts';

/** Between the dedupe key of a fact and the transaction that sent it anew. */
const MARK = '/replay/';

/** Within a transaction of the caller's. */
export async function replayEvent(sql: Queryable, row: EventRow, act: ByHand): Promise<void> {
  const replays = await replaysOf(sql, row);
  const facts = await tellAnew(sql, row, writersOf(row, replays));
  // The relay tries it at once, with all its attempts.
  await sql`
    update inbox set status = 'pending', reason = null, attempts = 0, failures = 0, next_try_at = now(), settled_at = null,
           settled_by = null
     where inbox_id = ${row.inboxId}::text::bigint and created = ${row.createdS}`;
  await closeItem(sql, row, act);
  const [tx] = await sql<{ id: string }[]>`select pg_current_xact_id()::text as id`;
  await addAudit(sql, act, {
    action: REPLAYED,
    subject: row.id,
    details: {
      inboxId: row.inboxId,
      type: row.type,
      status: row.status,
      settledBy: row.settledBy,
      replayedBy: tx?.id ?? null,
      facts,
    },
  });
  await sql`select pg_notify('inbox_waiting', '')`;
}

/** Each fact once, in its order, however often it was sent anew already; earlier ones need no answer any more. */
async function tellAnew(
  sql: Queryable,
  row: EventRow,
  writers: readonly string[],
): Promise<number> {
  if (writers.length === 0) return 0;
  const told = factsOfEvent(sql, row, writers);
  const anew = await sql`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    select f.tenant_id, f.card_id, f.kind, f.body, f.dedupe_key || ${MARK} || pg_current_xact_id()::text
      from facts f where ${told} and strpos(f.dedupe_key, ${MARK}) = 0
     order by f.fact_id
    on conflict (card_id, dedupe_key) do nothing returning 1`;
  await sql`update facts f set closed_at = now() where ${told} and f.closed_at is null`;
  return anew.length;
}

/** It is under way again; should it fail once more, the item opens once more. */
async function closeItem(
  sql: Queryable,
  { id, source, objectId, tenantId }: EventRow,
  { by, reason }: ByHand,
): Promise<void> {
  // The item of a look at Stripe is about what was looked at.
  const subject = source === 'fetch' ? (objectId ?? id) : id;
  const resolution = reason === null ? 'the event is replayed' : `the event is replayed: ${reason}`;
  await sql`
    update attention_items set closed_at = clock_timestamp(), resolution = ${resolution}, resolved_by = ${by}
     where kind = 'event_not_applied' and subject = ${subject} and closed_at is null
       and tenant_id is not distinct from ${tenantId}`;
}
