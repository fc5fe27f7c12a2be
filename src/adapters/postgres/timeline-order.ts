/**
 * The order of a card's timeline, which is made of the rows of several tables: by time, then by branch, then by key.
 * Each branch reads no more rows than a page has, by an index in this very order, and the newest of all make the page;
 * so a page costs the same wherever it lies, however long the timeline is.
 */
import type { CardId } from '../../domain/ids.ts';
import type { TimelineRequest, TimelineSource } from '../../ports/card-history.ts';
import { exactTime, momentOf } from './exact-time.ts';
import { rowsFor } from './list-page.ts';
import type { Queryable } from './pool.ts';

type Fragment = ReturnType<Queryable>;

/** Of two entries of one moment the one of the later branch is the newer: it follows from the other. */
export const BRANCHES = ['lifecycle', 'decision', 'entry', 'opened', 'closed'] as const;
export type Branch = (typeof BRANCHES)[number];

/** Names one entry. A decision that set money aside has two parts: itself, and then its hold. */
export interface Position {
  readonly branch: Branch;
  readonly key: string;
  readonly isHold: boolean;
}

export interface Placed extends Position {
  /** With microseconds. */
  readonly at: string;
}

interface Source {
  readonly table: string;
  readonly time: string;
  readonly key: string;
  readonly isNumber: boolean;
}

const SOURCES: Readonly<Record<Branch, Source>> = {
  lifecycle: { table: 'card_timeline', time: 'at', key: 'timeline_id', isNumber: true },
  decision: { table: 'decisions', time: 'decided_at', key: 'decision_id', isNumber: false },
  entry: { table: 'journal_entries', time: 'written_at', key: 'entry_id', isNumber: true },
  opened: { table: 'attention_items', time: 'opened_at', key: 'item_id', isNumber: false },
  closed: { table: 'attention_items', time: 'closed_at', key: 'item_id', isNumber: false },
};

const BRANCHES_OF: Readonly<Record<TimelineSource, readonly Branch[]>> = {
  lifecycle: ['lifecycle'],
  decision: ['decision'],
  // The holds of decisions are the ledger's, and lie with the decisions.
  money: ['decision', 'entry'],
  attention: ['opened', 'closed'],
};

const ID = /^(lifecycle|decision|hold|entry|opened|closed)\.([A-Za-z0-9_]{1,64})$/;
const NUMBER = /^[0-9]{1,18}$/;

export const idOf = ({ branch, key, isHold }: Position): string =>
  `${isHold ? 'hold' : branch}.${key}`;

/** The position that an id names, or undefined when it is none of ours. */
export function positionOf(id: string): Position | undefined {
  const [, name, key] = ID.exec(id) ?? [];
  if (name === undefined || key === undefined) return undefined;
  const branch = name === 'hold' ? 'decision' : BRANCHES.find((known) => known === name);
  if (branch === undefined || (SOURCES[branch].isNumber && !NUMBER.test(key))) return undefined;
  return { branch, key, isHold: name === 'hold' };
}

/** The position with its time, or undefined when the card's timeline has no such entry. */
export async function placeOf(
  sql: Queryable,
  cardId: CardId,
  position: Position,
): Promise<Placed | undefined> {
  const { table, time, key } = SOURCES[position.branch];
  const [row] = await sql<{ at: string | null }[]>`
    select ${exactTime(sql, sql`${sql(time)}`)} as at from ${sql(table)}
     where card_id = ${cardId} and ${sql(key)} = ${keyOf(sql, position)}
       ${position.isHold ? sql`and approved and approved_minor > 0` : sql``}`;
  return row === undefined || row.at === null ? undefined : { ...position, at: row.at };
}

const keyOf = (sql: Queryable, { branch, key }: Position): Fragment =>
  SOURCES[branch].isNumber ? sql`${key}::text::bigint` : sql`${key}`;

interface PlacedRow {
  readonly branch: Branch;
  readonly at: string;
  readonly key: string;
  readonly is_hold: boolean;
}

/** One row more than the page has, newest first, of what comes after the cursor. */
export async function readOrder(
  sql: Queryable,
  cardId: CardId,
  page: TimelineRequest,
  cursor: Placed | undefined,
): Promise<readonly Placed[]> {
  const wanted = page.source === undefined ? BRANCHES : BRANCHES_OF[page.source];
  const parts = wanted.map((branch) => branchRows(sql, branch, { cardId, page, cursor }));
  const all = parts.reduce((above, part) => sql`${above} union all ${part}`);
  const rows = await sql<PlacedRow[]>`
    select branch, ${exactTime(sql, sql`moment`)} as at, coalesce(text_key, number_key::text) as key, is_hold
      from (${all}) entries
     order by moment desc, place desc, number_key desc, text_key desc, is_hold desc limit ${rowsFor(page)}`;
  return rows.map(({ is_hold: isHold, ...row }) => ({ ...row, isHold }));
}

interface Asked {
  readonly cardId: CardId;
  readonly page: TimelineRequest;
  readonly cursor: Placed | undefined;
}

function branchRows(sql: Queryable, branch: Branch, asked: Asked): Fragment {
  const { table, time, key, isNumber } = SOURCES[branch];
  const isDecision = branch === 'decision';
  const keys = isNumber
    ? sql`${sql(key)} as number_key, null::text as text_key`
    : sql`null::bigint as number_key, ${sql(key)} as text_key`;
  const rows: Fragment = sql`
    select ${branch}::text as branch, ${BRANCHES.indexOf(branch)}::integer as place, ${sql(time)} as moment, ${keys},
           ${isDecision ? sql`approved and approved_minor > 0` : sql`false`} as is_hold
      from ${sql(table)}
     where card_id = ${asked.cardId} ${branch === 'closed' ? sql`and closed_at is not null` : sql``}
       ${isDecision && asked.page.source === 'money' ? sql`and approved and approved_minor > 0` : sql``}
       ${afterPlace(sql, branch, asked)}
     order by ${sql(time)} desc, ${sql(key)} desc limit ${rowsFor(asked.page)}`;
  return isDecision ? withHolds(sql, rows, asked) : sql`(${rows})`;
}

/** What of a branch comes after the cursor, as a range of the branch's index. */
function afterPlace(sql: Queryable, branch: Branch, { cursor, page }: Asked): Fragment {
  if (cursor === undefined) return sql``;
  const { time, key } = SOURCES[branch];
  const moment = momentOf(sql, cursor.at);
  const order = BRANCHES.indexOf(branch) - BRANCHES.indexOf(cursor.branch);
  if (order < 0) return sql`and ${sql(time)} <= ${moment}`;
  if (order > 0) return sql`and ${sql(time)} < ${moment}`;
  // After its hold a decision itself is still to come, unless only money was asked for.
  const compare = cursor.isHold && page.source !== 'money' ? sql`<=` : sql`<`;
  return sql`and (${sql(time)}, ${sql(key)}) ${compare} (${moment}, ${keyOf(sql, cursor)})`;
}

/** Each decision, and the hold of those that have one, which is of the same moment and comes after it. */
function withHolds(sql: Queryable, rows: Fragment, { page, cursor }: Asked): Fragment {
  const isAsked = {
    decision: sql`and not part.is_hold`,
    money: sql`and part.is_hold`,
    other: sql``,
  }[page.source === 'decision' || page.source === 'money' ? page.source : 'other'];
  const isShown =
    cursor?.isHold === true ? sql`and not (part.is_hold and d.text_key = ${cursor.key})` : sql``;
  return sql`
    (select d.branch, d.place, d.moment, d.number_key, d.text_key, part.is_hold from (${rows}) d
       cross join (values (false), (true)) as part (is_hold)
      where (d.is_hold or not part.is_hold) ${isAsked} ${isShown})`;
}
