/**
 * Places in the feed of changes. They are ordered by the transaction that wrote a change, and only what lies below the
 * oldest open transaction is shown: it is complete, so nothing that commits late can appear below a cursor.
 */
import type { Queryable } from './pool.ts';

/** Of the changes of one transaction; a decision comes before what was booked for it. */
export const RANKS = {
  decision: 1,
  booking: 2,
  phase: 3,
  attention_opened: 4,
  attention_closed: 5,
} as const;
export type ChangeKind = keyof typeof RANKS;

/** Exclusive: what comes after it has another transaction, another rank or a greater key. */
export interface Position {
  readonly epoch: number;
  /** A number of 64 bits, as text. */
  readonly xid: string;
  readonly rank: number;
  readonly key: string;
}

/** What can be read at this moment. */
export interface Horizon {
  readonly epoch: number;
  /** Every transaction below it has ended. */
  readonly high: string;
  /** No transaction of this server has this id, or a higher one. */
  readonly limit: string;
  /** What came with a restore is no news; rows up to these are left out. */
  readonly restoredTimelineId: string;
  readonly restoredEntryId: string;
  readonly restoredUntil: string;
}

const CURSOR = /^([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,18})\.([0-5])\.([A-Za-z0-9_]{0,64})$/;

export const cursorOf = ({ epoch, xid, rank, key }: Position): string =>
  `${epoch}.${xid}.${rank}.${key}`;

/** Before everything that transactions from this one on have written. */
export const before = (epoch: number, xid: string): Position => ({ epoch, xid, rank: 0, key: '' });

export function positionOf(cursor: string): Position | undefined {
  const [, epoch, xid, rank, key] = CURSOR.exec(cursor) ?? [];
  if (epoch === undefined || xid === undefined || rank === undefined || key === undefined) return;
  return { epoch: Number(epoch), xid, rank: Number(rank), key };
}

export async function readHorizon(sql: Queryable): Promise<Horizon> {
  const [row] = await sql<Horizon[]>`
    select e.epoch, pg_snapshot_xmin(s)::text as high, pg_snapshot_xmax(s)::text as limit,
           e.restored_timeline_id::text as "restoredTimelineId", e.restored_entry_id::text as "restoredEntryId",
           e.restored_until::text as "restoredUntil"
      from current_change_epoch() e, pg_current_snapshot() s`;
  if (row === undefined) throw new Error('the epoch of changes has no row');
  return row;
}

/** Whether the order that the cursor belongs to is not the one of this database any more. */
export const isOfAnotherTime = (position: Position, horizon: Horizon): boolean =>
  position.epoch !== horizon.epoch || BigInt(position.xid) > BigInt(horizon.limit);
