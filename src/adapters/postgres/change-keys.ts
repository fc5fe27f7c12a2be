/** Which changes come next: their places, without what they tell. */
import type { Horizon, Position } from './change-position.ts';
import type { Queryable } from './pool.ts';

export interface ChangeKey {
  readonly xid: string;
  readonly rank: number;
  /** Id of the row; numbers are filled up with zeros, so that texts are in their order. */
  readonly key: string;
  readonly tenantId: string | null;
}

export interface KeyPage {
  readonly keys: readonly ChangeKey[];
  /** Below this transaction nothing but the keys is left after the position. */
  readonly readTo: string;
}

/** At most `limit` places after the position, in order. */
export async function nextKeys(
  sql: Queryable,
  { position, horizon, limit }: NextRequest,
): Promise<KeyPage> {
  const readTo = await endOfRange(sql, { position, horizon, limit });
  const range = sql`>= ${position.xid}::text::xid8`;
  const end = sql`< ${readTo}::text::xid8`;
  const until = sql`> ${horizon.restoredUntil}::text::timestamptz`;
  const keys = await sql<ChangeKey[]>`
    with booked as materialized (
      select distinct p.written_by, p.entry_id from postings p
       where p.written_by ${range} and p.written_by ${end}
         and p.entry_id > ${horizon.restoredEntryId}::text::bigint),
    entries as materialized (
      select b.written_by, e.entry_id, e.tenant_id, e.kind, e.decision_id
        from booked b join journal_entries e on e.entry_id = b.entry_id),
    next as (
      select written_by as xid, 1 as rank, decision_id as key, tenant_id from decisions
       where approved_minor = 0 and written_by ${range} and written_by ${end} and decided_at ${until}
      union all
      select e.written_by, 1, d.decision_id, d.tenant_id
        from entries e join decisions d on d.decision_id = e.decision_id
       where e.kind = 'hold' and d.approved_minor > 0
      union all
      select written_by, 2, lpad(entry_id::text, 19, '0'), tenant_id from entries
      union all
      select written_by, 3, lpad(timeline_id::text, 19, '0'), tenant_id from card_timeline
       where kind in ('card_requested', 'phase_changed') and written_by ${range} and written_by ${end}
         and timeline_id > ${horizon.restoredTimelineId}::text::bigint
      union all
      select opened_by, 4, item_id, tenant_id from attention_items
       where opened_by ${range} and opened_by ${end} and opened_at ${until}
      union all
      select closed_by, 5, item_id, tenant_id from attention_items
       where closed_by ${range} and closed_by ${end} and closed_at ${until})
    select xid::text, rank, key, tenant_id as "tenantId" from next
     where (xid, rank, key collate "C") > (${position.xid}::text::xid8, ${position.rank}::int, ${position.key}::text)
     order by next.xid, rank, key collate "C" limit ${limit}`;
  return { keys, readTo };
}

interface NextRequest {
  readonly position: Position;
  readonly horizon: Horizon;
  readonly limit: number;
}

/**
 * The transaction up to which (exclusive) there are enough changes for the page, and not many more: a reader that begins at
 * the beginning must not have everything sorted for each of its pages. Transactions are read as a whole.
 */
async function endOfRange(
  sql: Queryable,
  { position, horizon, limit }: NextRequest,
): Promise<string> {
  const reaches = [
    ['postings', 'written_by', sql``],
    ['decisions', 'written_by', sql`and approved_minor = 0`],
    ['card_timeline', 'written_by', sql`and kind in ('card_requested', 'phase_changed')`],
    ['attention_items', 'opened_by', sql``],
    ['attention_items', 'closed_by', sql``],
  ] as const;
  const ends = await Promise.all(
    reaches.map(async ([table, column, condition]) => {
      const [row] = await sql<{ xid: string }[]>`
        select ${sql(column)}::text as xid from ${sql(table)}
         where ${sql(column)} >= ${position.xid}::text::xid8 and ${sql(column)} < ${horizon.high}::text::xid8
           ${condition}
         order by ${sql(`${table}.${column}`)} offset ${limit} limit 1`;
      return row === undefined ? BigInt(horizon.high) : BigInt(row.xid) + 1n;
    }),
  );
  return String(ends.reduce((least, end) => (end < least ? end : least)));
}
