/** Timeline and decisions of cards, for people to read. */
import type { CardHistory, DecisionRecord, TimelineEntry } from '../../ports/card-history.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

const DECISIONS = { table: 'decisions', id: 'decision_id', time: 'decided_at' } as const;
/** Timeline ids are numbers of `bigint`; a longer cursor is none of ours. */
const TIMELINE_CURSOR = /^[0-9]{1,18}$/;

/** A row whose times are still dates, as the driver returns it. */
type Dated<T, K extends keyof T> = Omit<T, K> & Record<K, Date>;

export function createCardHistory(sql: Queryable): CardHistory {
  return {
    async timeline(cardId, page) {
      const { after } = page;
      if (after !== undefined && !TIMELINE_CURSOR.test(after)) return 'bad_cursor';
      const rows = await sql<Dated<TimelineEntry, 'at'>[]>`
        select timeline_id::text as id, at, kind, phase, body from card_timeline
         where card_id = ${cardId}
           ${after === undefined ? sql`` : sql`and timeline_id < ${after}::text::bigint`}
         order by timeline_id desc limit ${rowsFor(page)}`;
      const data = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
      // Any number is a position in the timeline, so no cursor of this shape is wrong.
      return toPage(data, page, () => Promise.resolve(true));
    },

    async decisions(cardId, page) {
      const rows = await sql<Dated<DecisionRecord, 'decidedAt'>[]>`
        select decision_id as id, request_id as "requestId", authorization_id as "authorizationId",
               card_id as "cardId", approved, reason, asked_minor as "askedMinor",
               approved_minor as "approvedMinor", currency,
               available_before_minor as "availableBeforeMinor", confirmed,
               decided_at as "decidedAt", timings
          from decisions where card_id = ${cardId} ${afterCursor(sql, DECISIONS, page)}
         order by decided_at desc, decision_id desc limit ${rowsFor(page)}`;
      const data = rows.map((row) => ({ ...row, decidedAt: row.decidedAt.toISOString() }));
      return toPage(data, page, cursorIn(sql, DECISIONS));
    },
  };
}
