/**
 * Erases a person: everything personal goes from every row, and what the books, the proofs and the feed of changes are
 * made of stays. Needs the owner's connection, because the processes cannot change what an event said.
 */
import type { ByHand } from '../../../ports/audit-log.ts';
import { addAudit } from '../audit-log-store.ts';
import { REPLAYED } from '../event-fate.ts';
import type { Sql, Transaction } from '../pool.ts';
import { eraseAnswers } from './erase-answers.ts';
import { eraseEvents } from './erase-events.ts';
import { type ErasedRows, eraseRecords } from './erase-records.ts';
import {
  type ErasureObstacle,
  findObstacles,
  findTraces,
  type HolderTraces,
  subjectsOf,
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
  const { erased, eventIds } = await eraseEvents(sql, traces, options.onPart);
  const answers = await eraseAnswers(sql, traces, await subjectsOf(sql, traces, eventIds));
  const done = { inbox: erased, idempotency_keys: answers };
  return sql.begin((tx) => finish(tx, { traces, eventIds, done, byHand: options.byHand }));
}

interface Finish {
  readonly traces: HolderTraces;
  readonly eventIds: readonly string[];
  /** What was emptied before. */
  readonly done: ErasedRows;
  readonly byHand: ByHand;
}

async function finish(
  tx: Transaction,
  { traces, eventIds, done, byHand }: Finish,
): Promise<Erasure> {
  await tx`select 1 from cardholders where cardholder_id = ${traces.cardholderId} for update`;
  // A card or an event may have come while the inbox was read.
  const now = (await findTraces(tx, traces.cardholderId)) ?? traces;
  const obstacles = await findObstacles(tx, now);
  if (obstacles.length > 0) return { kind: 'refused', obstacles };
  const subjects = await subjectsOf(tx, now, eventIds);
  await eraseAudit(tx, subjects);
  const rows = { ...done, ...(await eraseRecords(tx, now, subjects)) };
  await addAudit(tx, byHand, { action: ERASED, subject: now.cardholderId, details: rows });
  return { kind: 'erased', rows };
}

const ERASED = 'cardholder.erased';

/** Whoever did something about this person may have written of them. Of a replay is kept what the fate of its event needs. */
async function eraseAudit(tx: Transaction, subjects: readonly string[]): Promise<void> {
  await tx`
    update audit_log
       set reason = 'erased', details = case when action = ${REPLAYED} then details - 'by' else '{}' end
     where action <> ${ERASED} and reason is distinct from 'erased' and subject = any (${[...subjects]})`;
}
