/** The audit log: written in the transaction of what it tells of, and only ever added to. */
import type { AuditEntry, AuditLog, ByHand } from '../../ports/audit-log.ts';
import { jsonText } from './json-column.ts';
import { rowsFor } from './list-page.ts';
import type { Queryable } from './pool.ts';
import { isoTime } from './transaction-rows.ts';

export interface AuditedAction {
  /** E.g. `event.replayed`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly subject: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export async function addAudit(
  sql: Queryable,
  { actor, by, reason, requestId }: ByHand,
  { action, subject, details = {} }: AuditedAction,
): Promise<void> {
  const told = by === null ? details : { ...details, by };
  await sql`
    insert into audit_log (actor, action, subject, reason, details, request_id)
    values (${actor}, ${action}, ${subject}, ${reason}, ${jsonText(told)}::text::jsonb, ${requestId})`;
}

type AuditRow = Omit<AuditEntry, 'at'> & { readonly at: Date };

/** Entries are numbered by `bigint`; a longer text is the cursor of no list. */
const NUMBER = /^\d{1,18}$/;

export const createAuditLog = (sql: Queryable): AuditLog => ({
  async list({ actor, action, subject }, page) {
    const { after } = page;
    if (after !== undefined && !NUMBER.test(after)) return 'bad_cursor';
    const rows = await sql<AuditRow[]>`
      select audit_id::text as id, at, actor, action, subject, reason, details, request_id as "requestId"
        from audit_log where true
         ${actor === undefined ? sql`` : sql`and actor = ${actor}`}
         ${action === undefined ? sql`` : sql`and action = ${action}`}
         ${subject === undefined ? sql`` : sql`and subject = ${subject}`}
         ${after === undefined ? sql`` : sql`and audit_id < ${after}::text::bigint`}
       order by audit_id desc limit ${rowsFor(page)}`;
    const data = rows.slice(0, page.limit).map((row) => ({ ...row, at: isoTime(row.at) }));
    return { data, nextCursor: rows.length > page.limit ? (data.at(-1)?.id ?? null) : null };
  },
});
