/** Times of postings as texts. A `Date` would cut the microseconds off, and with them the order of postings. */
import type { Queryable } from './pool.ts';

type Fragment = ReturnType<Queryable>;

/** ISO 8601 in UTC with six digits, e.g. `2026-11-23T09:30:00.000125Z`; given back as a moment, it is the same. */
export const exactTime = (sql: Queryable, time: Fragment): Fragment =>
  sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** A moment that a caller gave. The driver would turn a parameter of this type into a `Date`, so it goes as text. */
export const momentOf = (sql: Queryable, text: string): Fragment => sql`${text}::text::timestamptz`;
