/** Timelines of cards, for people to read. */
import type { CardHistory } from '../../ports/card-history.ts';
import type { Queryable } from './pool.ts';
import { readEntries } from './timeline-entries.ts';
import { idOf, placeOf, positionOf, readOrder } from './timeline-order.ts';

export function createCardHistory(sql: Queryable): CardHistory {
  return {
    async timeline(cardId, page) {
      const { after } = page;
      const position = after === undefined ? undefined : positionOf(after);
      const cursor = position && (await placeOf(sql, cardId, position));
      if (after !== undefined && cursor === undefined) return 'bad_cursor';
      const places = await readOrder(sql, cardId, page, cursor);
      const shown = places.slice(0, page.limit);
      const last = shown.at(-1);
      const isEnd = places.length <= page.limit || last === undefined;
      return { data: await readEntries(sql, shown), nextCursor: isEnd ? null : idOf(last) };
    },
  };
}
