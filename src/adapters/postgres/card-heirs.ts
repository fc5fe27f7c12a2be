/**
 * Cards that take the place of another and have not ended. What is decided about the one after they were asked for
 * holds for them too. The account of a card is that of all its heirs, so its lock, which the caller has, covers them.
 */
import type { Card } from '../../ports/cards.ts';
import { findCard } from './card-directory.ts';
import type { Queryable } from './pool.ts';

/** `same_number`: only those that go on with the number of the card, whatever has become of the cards between. */
export async function heirsOf(
  sql: Queryable,
  card: Pick<Card, 'id'>,
  which: 'all' | 'same_number',
): Promise<readonly Card[]> {
  const isHeir = sql`
    c.replacement_reason = any(${which === 'all' ? ['damaged', 'expired', 'lost', 'stolen'] : ['damaged', 'expired']})`;
  const rows = await sql<{ card_id: string }[]>`
    with recursive heirs as (
      select c.card_id, c.phase, 1 as place from cards c where c.replacement_for = ${card.id} and ${isHeir}
      union all
      select c.card_id, c.phase, h.place + 1 from heirs h join cards c on c.replacement_for = h.card_id and ${isHeir}
    )
    select card_id from heirs where phase not in ('winding_down', 'closed') order by place`;
  const heirs: Card[] = [];
  for (const { card_id: id } of rows) {
    const heir = await findCard(sql, id);
    if (heir !== undefined) heirs.push(heir);
  }
  return heirs;
}
