/**
 * Erases a person: everything personal goes from every row, and what the books, the proofs and the feed of changes are
 * made of stays. Needs the owner's connection, because the processes cannot change what an event said.
 */
import type { ByHand } from '../../../ports/audit-log.ts';
import { addAudit } from '../audit-log-store.ts';
import type { Sql, Transaction } from '../pool.ts';
import { eraseEvents } from './erase-events.ts';
import { type ErasedRows, eraseRecords } from './erase-records.ts';
import {
  type ErasureObstacle,
  findObstacles,
  findTraces,
  type HolderTraces,
  tellsOf,
} from './holder-traces.ts';

export type Erasure =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly obstacles: readonly ErasureObstacle[] }
  /** What there is to erase; nothing was changed. */
  | { readonly kind: 'looked'; readonly traces: HolderTraces; readonly events: number }
  | { readonly kind: 'erased'; readonly rows: ErasedRows };

interface ErasureOptions {
  readonly cardholderId: string;
  /** Only then anything is erased. */
  readonly isConfirmed: boolean;
  readonly byHand: ByHand;
  readonly onPart: (part: string, erased: number) => void;
}

export async function eraseHolder(sql: Sql, options: ErasureOptions): Promise<Erasure> {
  const traces = await findTraces(sql, options.cardholderId);
  if (traces === undefined) return { kind: 'unknown' };
  const obstacles = await findObstacles(sql, traces);
  if (obstacles.length > 0) return { kind: 'refused', obstacles };
  if (!options.isConfirmed) {
    const [row] = await sql<{ count: number }[]>`
      select count(*) from inbox
       where payload is not null and source <> 'decision' and ${tellsOf(sql, traces)}`;
    return { kind: 'looked', traces, events: row?.count ?? 0 };
  }
  const events = await eraseEvents(sql, traces, options.onPart);
  return sql.begin((tx) => finish(tx, { traces, events, byHand: options.byHand }));
}

async function finish(
  tx: Transaction,
  {
    traces,
    events,
    byHand,
  }: { readonly traces: HolderTraces; readonly events: number; readonly byHand: ByHand },
): Promise<Erasure> {
  await tx`select 1 from cardholders where cardholder_id = ${traces.cardholderId} for update`;
  // A card or an event may have come while the inbox was read.
  const now = (await findTraces(tx, traces.cardholderId)) ?? traces;
  const obstacles = await findObstacles(tx, now);
  if (obstacles.length > 0) return { kind: 'refused', obstacles };
  const rows = { inbox: events, ...(await eraseRecords(tx, now)) };
  await tell(tx, { traces: now, rows, byHand });
  return { kind: 'erased', rows };
}

async function tell(
  tx: Transaction,
  {
    traces,
    rows,
    byHand,
  }: { readonly traces: HolderTraces; readonly rows: ErasedRows; readonly byHand: ByHand },
): Promise<void> {
  const action = 'cardholder.erased';
  // Whoever settled something about this person may have written of them.
  await tx`
    update audit_log set reason = 'erased', details = '{}'
     where action <> ${action} and reason is distinct from 'erased'
       and (subject = any (${[...traces.names]})
            or subject in (select item_id from attention_items where card_id = any (${[...traces.cardIds]})
                              or subject = any (${[...traces.names]})))`;
  await addAudit(tx, byHand, { action, subject: traces.cardholderId, details: rows });
}
