/** Empties the events that tell of a cardholder. The rows stay: that an event came, and what became of it, is no secret. */
import type { Sql } from '../pool.ts';
import { type HolderTraces, tellsOf } from './holder-traces.ts';

/**
 * One part of the inbox after the other, each in a transaction of its own: what is read may be a hundred million rows, and
 * a transaction that is open for so long holds up the feed of changes. Whoever is interrupted begins again.
 */
export async function eraseEvents(
  sql: Sql,
  traces: HolderTraces,
  onPart: (part: string, erased: number) => void,
): Promise<number> {
  const parts = await sql<{ part: string }[]>`
    select inhrelid::regclass::text as part from pg_inherits where inhparent = 'inbox'::regclass order by 1`;
  let total = 0;
  for (const { part } of parts) {
    // The books of what waits to be applied are still to be made; our own rows name ids only.
    const { count } = await sql`
      update ${sql(part)} set payload = null, erased_at = now()
       where payload is not null and status <> 'pending' and source <> 'decision' and ${tellsOf(sql, traces)}`;
    total += count;
    onPart(part, count);
  }
  return total;
}
