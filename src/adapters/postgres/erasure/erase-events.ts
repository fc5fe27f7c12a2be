/** Empties the events that tell of a cardholder. The rows stay: that an event came, and what became of it, is no secret. */
import type { Sql } from '../pool.ts';
import { type HolderTraces, tellsOf } from './holder-traces.ts';

export interface ErasedEvents {
  readonly erased: number;
  /** All that tell of the holder, with those that were emptied before. */
  readonly eventIds: readonly string[];
}

/**
 * One part of the inbox after the other: what is read may be a hundred million rows. They are looked for before any is
 * written, because a transaction that writes holds up the feed of changes for as long as it is open. Whoever is interrupted
 * begins again.
 */
export async function eraseEvents(
  sql: Sql,
  traces: HolderTraces,
  onPart: (part: string, erased: number) => void,
): Promise<ErasedEvents> {
  const parts = await sql<{ part: string }[]>`
    select inhrelid::regclass::text as part from pg_inherits where inhparent = 'inbox'::regclass order by 1`;
  const eventIds: string[] = [];
  let erased = 0;
  for (const { part } of parts) {
    const found = await sql<{ inboxId: number; eventId: string }[]>`
      select inbox_id as "inboxId", event_id as "eventId" from ${sql(part)}
       where ${tellsOf(sql, traces)}`;
    eventIds.push(...found.map(({ eventId }) => eventId));
    // The books of what waits to be applied are still to be made, and our own rows name ids only. A reason may quote what
    // could not be read.
    const { count } = await sql`
      update ${sql(part)}
         set payload = null, erased_at = now(), reason = case when status = 'attention' then 'erased' else reason end
       where inbox_id = any (${found.map(({ inboxId }) => inboxId)}::bigint[]) and payload is not null
         and status <> 'pending' and source <> 'decision'`;
    erased += count;
    onPart(part, count);
  }
  return { erased, eventIds };
}
