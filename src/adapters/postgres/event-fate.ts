/**
 * What followed from an event. What its transaction wrote about its object is its doing: a batch applies the rows of many
 * cards together, and those of one purchase as one.
 */
import { cardWorkflowId } from '../../domain/card-contract.ts';
import { parseCardId } from '../../domain/ids.ts';
import type { AttentionItem } from '../../ports/attention.ts';
import type { EventEntry, EventFact, EventFate, EventReplay } from '../../ports/events.ts';
import { type AttentionRow, attentionColumns, toAttentionItem } from './attention-rows.ts';
import type { EventRow } from './event-rows.ts';
import type { Queryable } from './pool.ts';
import { isoTime } from './transaction-rows.ts';

/** Shown of each kind; one event makes a handful. */
const SHOWN_MAX = 100;

export const REPLAYED = 'event.replayed';

type Fate = Pick<EventFate, 'entries' | 'facts' | 'attention' | 'replays'>;

export async function fateOf(sql: Queryable, row: EventRow): Promise<Fate> {
  const replays = await replaysOf(sql, row);
  const writers = writersOf(row, replays);
  const [entries, facts, attention] = await Promise.all([
    entriesOf(sql, row, writers),
    factsOf(sql, row, writers),
    attentionOf(sql, row),
  ]);
  return { entries, facts, attention, replays: replays.map(toReplay) };
}

export interface ReplayRow {
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly by: string | null;
  /** The transaction that had applied the event before; null where it was not applied then. */
  readonly appliedBy: string | null;
  readonly replayedBy: string;
}

/** Newest first. */
export const replaysOf = (sql: Queryable, { id, inboxId }: EventRow): Promise<ReplayRow[]> =>
  sql<ReplayRow[]>`
    select at, actor, reason, details ->> 'by' as by, details ->> 'replayedBy' as "replayedBy",
           case when details ->> 'status' = 'applied' then details ->> 'settledBy' end as "appliedBy"
      from audit_log
     where subject = ${id} and action = ${REPLAYED} and details ->> 'inboxId' = ${inboxId}
     order by audit_id desc limit ${SHOWN_MAX}`;

/**
 * Every transaction that applied the event, or sent its facts anew. What ended otherwise has done nothing, and shares its
 * transaction with events of others that have.
 */
export const writersOf = (
  { status, settledBy }: EventRow,
  replays: readonly ReplayRow[],
): readonly string[] => {
  const writers = [
    status === 'applied' ? settledBy : null,
    ...replays.flatMap(({ appliedBy, replayedBy }) => [appliedBy, replayedBy]),
  ];
  return [...new Set(writers.filter((writer) => writer !== null))];
};

const toReplay = ({ at, actor, by, reason }: ReplayRow): EventReplay => ({
  at: isoTime(at),
  actor,
  by,
  reason,
});

async function entriesOf(
  sql: Queryable,
  { objectId, groupKey }: EventRow,
  writers: readonly string[],
): Promise<EventEntry[]> {
  if (objectId === null || writers.length === 0) return [];
  const rows = await sql<(Omit<EventEntry, 'postedAt'> & { postedAt: Date })[]>`
    select e.entry_id::text as "entryId", e.kind, e.currency, e.account_id as "accountId",
           e.authorization_id as "authorizationId", e.transaction_id as "transactionId",
           sum(p.amount_minor)::bigint as "amountMinor", min(p.posted_at) as "postedAt"
      from postings p
      join journal_entries e using (entry_id)
      left join transactions t on t.transaction_id = e.transaction_id
     where p.written_by = any (${[...writers]}::text[]::xid8[])
       and (e.authorization_id = ${objectId} or e.transaction_id = ${objectId}
         or t.authorization_id = ${objectId}
         or e.authorization_id = (select authorization_id from transactions where transaction_id = ${objectId})
         -- What waited in suspense for this card.
         or ${objectId === groupKey} and t.stripe_card_id = ${groupKey})
     group by e.entry_id order by e.entry_id limit ${SHOWN_MAX}`;
  return rows.map((row) => ({ ...row, postedAt: isoTime(row.postedAt) }));
}

/** Applied in batches, with the money of other cards; what is about anything else is applied alone. */
const MONEY = /^(issuing_authorization|issuing_transaction|decision|card)\./;

export const factsOfEvent = (
  sql: Queryable,
  { type, groupKey }: EventRow,
  writers: readonly string[],
) => sql`
  f.written_by = any (${[...writers]}::text[]::xid8[])
  and (${!MONEY.test(type)}
    or f.card_id = (select s.card_id from stripe_cards s where s.stripe_card_id = ${groupKey}))`;

type FactRow = Pick<EventFact, 'factId' | 'cardId' | 'kind' | 'runId'> & {
  readonly createdAt: Date;
  readonly signalledAt: Date | null;
  readonly closedAt: Date | null;
};

async function factsOf(
  sql: Queryable,
  event: EventRow,
  writers: readonly string[],
): Promise<EventFact[]> {
  if (writers.length === 0) return [];
  const rows = await sql<FactRow[]>`
    select f.fact_id::text as "factId", f.card_id as "cardId", f.kind, f.signalled_run_id as "runId",
           f.created_at as "createdAt", f.signalled_at as "signalledAt", f.closed_at as "closedAt"
      from facts f where ${factsOfEvent(sql, event, writers)} order by f.fact_id limit ${SHOWN_MAX}`;
  return rows.map((row) => ({
    ...row,
    workflowId: cardWorkflowId(parseCardId(row.cardId)),
    createdAt: isoTime(row.createdAt),
    signalledAt: row.signalledAt === null ? null : isoTime(row.signalledAt),
    closedAt: row.closedAt === null ? null : isoTime(row.closedAt),
  }));
}

/** Items about the event or its object, open and closed. */
async function attentionOf(sql: Queryable, event: EventRow): Promise<AttentionItem[]> {
  const rows = await sql<AttentionRow[]>`
    select ${attentionColumns(sql)} from attention_items
     where subject = any (${[event.id, event.objectId ?? event.id]})
       and (tenant_id = ${event.tenantId} or tenant_id is null)
     order by opened_at desc limit ${SHOWN_MAX}`;
  return rows.map(toAttentionItem);
}
