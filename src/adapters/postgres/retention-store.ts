/** Prepares the parts of the inbox that come next, and lets go of what is older than it is kept. */
import { API_ANSWER_KEPT_MS, daysInMs } from '../../domain/limits.ts';
import type { Sql } from './pool.ts';

export interface OldPart {
  readonly part: string;
  /** As the planner estimates them. */
  readonly events: number;
  /** Null when it was dropped. */
  readonly keptFor: 'pending' | 'attention' | 'busy' | null;
}

export interface DeletedRows {
  readonly kind: 'events' | 'answers of the API' | 'answers of the authorizer';
  readonly deleted: number;
}

/** The month of that moment and the one after it. */
export async function prepareInbox(sql: Sql, nowMs: number): Promise<void> {
  await sql`select prepare_inbox(${new Date(nowMs)})`;
}

/** One entry a month that is old enough, whether it went or had to stay. */
export const dropOldEvents = (
  sql: Sql,
  { nowMs, keptDays }: { readonly nowMs: number; readonly keptDays: number },
): Promise<readonly OldPart[]> =>
  sql<OldPart[]>`
    select part, events, kept_for as "keptFor" from drop_old_events(${new Date(nowMs - daysInMs(keptDays))})`;

/** At most `limit` rows of each kind. */
export const deleteOldRows = (
  sql: Sql,
  options: { readonly nowMs: number; readonly keptDays: number; readonly limit: number },
): Promise<readonly DeletedRows[]> =>
  sql<DeletedRows[]>`
    select kind, deleted
      from delete_old_rows(${new Date(options.nowMs - daysInMs(options.keptDays))},
                           ${new Date(options.nowMs - API_ANSWER_KEPT_MS)}, ${options.limit}::int)`;
