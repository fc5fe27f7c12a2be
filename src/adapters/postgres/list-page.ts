/** Pages of lists: one row more than asked for is read, so that the end of the list is known without counting. */
import type { Page, PageOrRefusal, PageRequest } from '../../ports/page.ts';
import type { Queryable } from './pool.ts';

/** Rows to read for a page: one more than is shown tells whether there is a next page. */
export const rowsFor = (page: PageRequest): number => page.limit + 1;

/**
 * Cuts the rows to the page. No rows after a cursor is either the end of the list or a cursor that was never
 * in it; `cursorExists` is asked only then.
 */
export async function toPage<T extends { readonly id: string }>(
  rows: readonly T[],
  page: PageRequest,
  cursorExists: (after: string) => Promise<boolean>,
): Promise<PageOrRefusal<T>> {
  if (rows.length === 0 && page.after !== undefined && !(await cursorExists(page.after))) {
    return 'bad_cursor';
  }
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  const nextCursor = rows.length > page.limit && last !== undefined ? last.id : null;
  return { data, nextCursor } satisfies Page<T>;
}

/** Where a list of a table with a text id and a time stands: the id of its rows, and what they are ordered by. */
export interface ListOrder {
  readonly table: string;
  readonly id: string;
  readonly time: string;
}

/** Restricts a list to what comes after the cursor, newest first; nothing when there is no cursor. */
export function afterCursor(sql: Queryable, order: ListOrder, page: PageRequest) {
  if (page.after === undefined) return sql``;
  const { table, id, time } = order;
  return sql`and (${sql(`${table}.${time}`)}, ${sql(`${table}.${id}`)}) <
    (select ${sql(time)}, ${sql(id)} from ${sql(table)} where ${sql(id)} = ${page.after})`;
}

export const cursorIn =
  (sql: Queryable, { table, id }: ListOrder) =>
  async (after: string): Promise<boolean> =>
    (await sql`select 1 from ${sql(table)} where ${sql(id)} = ${after}`).length > 0;
