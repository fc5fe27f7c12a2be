/** Timelines of cards, for people to read. */
import type { CardHistory, TimelineEntry } from '../../ports/card-history.ts';
import { rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

/** Timeline ids are numbers of `bigint`; a longer cursor is none of ours. */
const TIMELINE_CURSOR = /^[0-9]{1,18}$/;

/** Its time is still a date, as the driver returns it. */
type TimelineRow = Omit<TimelineEntry, 'at'> & { readonly at: Date };

export function createCardHistory(sql: Queryable): CardHistory {
  return {
    async timeline(cardId, page) {
      const { after } = page;
      if (after !== undefined && !TIMELINE_CURSOR.test(after)) return 'bad_cursor';
      const rows = await sql<TimelineRow[]>`
        select timeline_id::text as id, at, kind, phase, body from card_timeline
         where card_id = ${cardId}
           ${after === undefined ? sql`` : sql`and timeline_id < ${after}::text::bigint`}
         order by timeline_id desc limit ${rowsFor(page)}`;
      const data = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
      // Any number is a position in the timeline, so no cursor of this shape is wrong.
      return toPage(data, page, () => Promise.resolve(true));
    },
  };
}
