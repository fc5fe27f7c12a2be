/** Makes the relay repeat what it told to workflows that are gone, and that no save of theirs has closed. */
import type { CardId } from '../../domain/ids.ts';
import type { Sql } from './pool.ts';

/**
 * A fact that a workflow accepted and did not work off is normally sent again after an hour; it counts once however
 * often it is sent. Returns how many are sent again. What a card has spent comes with its load.
 */
export async function tellAgain(sql: Sql, cardIds: readonly CardId[]): Promise<number> {
  if (cardIds.length === 0) return 0;
  const facts = await sql`
    update facts set signalled_at = null
     where card_id = any(${[...cardIds]}) and closed_at is null and signalled_at is not null`;
  return facts.count;
}
