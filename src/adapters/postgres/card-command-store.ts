/** What is written beside the commands that a card's workflow answers. */
import type { CardCommandRecords } from '../../ports/cards.ts';
import { addTimeline } from './card-timeline.ts';
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

export function createCardCommandStore(sql: Queryable): CardCommandRecords {
  return {
    async setShipping(cardId, shipping) {
      const text = shipping === null ? null : jsonText(shipping);
      await sql`
        update cards set shipping = ${text}::text::jsonb, version = version + 1 where card_id = ${cardId}`;
    },

    async setPrinted(cardId, { secondLine, personalizationDesign: design }) {
      const added = jsonText(design === null ? {} : { personalizationDesign: design });
      await sql`
        update cards set second_line = ${secondLine}, version = version + 1,
               options = (options - 'personalizationDesign') || ${added}::text::jsonb
         where card_id = ${cardId}`;
    },

    note: (card, kind, body) => addTimeline(sql, card, kind, { ...body }),
  };
}
