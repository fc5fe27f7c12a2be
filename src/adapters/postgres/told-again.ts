/** Makes the relay repeat what it told to workflows that are gone, and that no save of theirs has closed. */
import type { CardId } from '../../domain/ids.ts';
import type { Sql } from './pool.ts';

/** How much is told again. */
export interface ToldAgain {
  readonly facts: number;
  readonly digests: number;
}

/**
 * A fact that a workflow accepted and did not work off is normally sent again after an hour; a digest only with the next
 * purchase. Both count once however often they are sent.
 */
export async function tellAgain(sql: Sql, cardIds: readonly CardId[]): Promise<ToldAgain> {
  if (cardIds.length === 0) return { facts: 0, digests: 0 };
  const facts = await sql`
    update facts set signalled_at = null
     where card_id = any(${[...cardIds]}) and closed_at is null and signalled_at is not null`;
  const digests = await sql`
    update card_spending s set sent_revision = s.revision - 1, dirty_since = s.changed_at
      from cards c
     where c.card_id = s.card_id and c.card_id = any(${[...cardIds]}) and c.phase = 'active'
       and s.revision > 0 and s.sent_revision = s.revision
       and s.purchases > coalesce((c.state ->> 'purchases')::bigint, 0)`;
  return { facts: facts.count, digests: digests.count };
}
