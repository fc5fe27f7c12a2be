/** The inbox, for people: what came and what became of it. */
import type { EventFilter, Events } from '../../ports/events.ts';
import type { PageRequest } from '../../ports/page.ts';
import { fateOf } from './event-fate.ts';
import { replayEvent } from './event-replay.ts';
import { type EventRow, eventColumns, MS_PER_SECOND, toSummary } from './event-rows.ts';
import { rowsFor } from './list-page.ts';
import type { Queryable } from './pool.ts';

/** Rows are numbered by `bigint`; a longer text is the cursor of no list. */
const NUMBER = /^\d{1,18}$/;

export function createEventStore(sql: Queryable): Events {
  return {
    async list(filter, page) {
      if (page.after !== undefined && !NUMBER.test(page.after)) return 'bad_cursor';
      const rows = await selectPage(sql, filter, page);
      const shown = rows.slice(0, page.limit);
      const nextCursor = rows.length > page.limit ? (shown.at(-1)?.inboxId ?? null) : null;
      return { data: shown.map(toSummary), nextCursor };
    },

    async find(eventId) {
      const row = await findRow(sql, eventId);
      return row === undefined ? undefined : { ...toSummary(row), ...(await fateOf(sql, row)) };
    },

    async replay(eventId, act) {
      // Whoever applies or replays it at this moment ends first: what they wrote is part of what is told anew.
      const row = await findRow(sql, eventId, sql`for no key update`);
      if (row === undefined) return 'unknown';
      if (row.erasedAt !== null) return 'erased';
      await replayEvent(sql, row, act);
      return 'replayed';
    },
  };
}

/** Senders number their events for all accounts together; should one be there twice, the later one is meant. */
async function findRow(
  sql: Queryable,
  eventId: string,
  lock = sql``,
): Promise<EventRow | undefined> {
  const [row] = await sql<EventRow[]>`
    select ${eventColumns(sql)} from inbox where event_id = ${eventId} order by inbox_id desc limit 1 ${lock}`;
  return row;
}

/** The creation tells which parts of the table may hold the rows; it is in whole seconds. */
function selectPage(sql: Queryable, filter: EventFilter, page: PageRequest): Promise<EventRow[]> {
  const { tenantId, type, status, source, objectId, from, to } = filter;
  const secondOf = (moment: string): number =>
    Math.ceil(new Date(moment).getTime() / MS_PER_SECOND);
  return sql<EventRow[]>`
    select ${eventColumns(sql)} from inbox where true
      ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
      ${type === undefined ? sql`` : sql`and type = ${type}`}
      ${status === undefined ? sql`` : sql`and status = ${status}`}
      ${source === undefined ? sql`` : sql`and source = ${source}`}
      ${objectId === undefined ? sql`` : sql`and object_id = ${objectId}`}
      ${from === undefined ? sql`` : sql`and created >= ${secondOf(from)}`}
      ${to === undefined ? sql`` : sql`and created < ${secondOf(to)}`}
      ${page.after === undefined ? sql`` : sql`and inbox_id < ${page.after}::text::bigint`}
     order by inbox_id desc limit ${rowsFor(page)}`;
}
