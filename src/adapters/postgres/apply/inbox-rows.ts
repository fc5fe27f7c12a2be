/** Rows of the inbox: what each means, what is done with it, and how each ends. */
import { parseTenantId, type TenantId } from '../../../domain/ids.ts';
import type { Sighting } from '../../../domain/sighting.ts';
import { storableValue } from '../../../platform/storable-text.ts';
import type { StoredEvent } from '../../../ports/event-application.ts';
import { openAttention } from '../attention.ts';
import { applyRedaction, applyVerification, lockForChecks } from '../check-views.ts';
import type { Transaction } from '../pool.ts';
import { isDataError } from './data-error.ts';
import { applyDesign } from './design.ts';
import { type Applied, applyCard, applyCardholder } from './directory.ts';
import { applyDispute } from './dispute.ts';
import {
  type ApplyOptions,
  brokenRow,
  type InboxRow,
  parkOrGiveUp,
  type ReadRow,
  type RowOutcome,
} from './inbox-row.ts';
import { applyMoneyRows, isMoney, type ReadMoneyRow } from './money-rows.ts';
import { applyToken } from './token.ts';

/** Whoever it told of was erased before it could be applied. */
const ERASED = 'the event was erased';

export interface ReadRows {
  /** Rows that end without being applied: ignored, unreadable, or of nobody known. */
  readonly ended: readonly RowOutcome[];
  readonly money: readonly ReadMoneyRow[];
  readonly others: readonly ReadRow[];
}

export function readRows(rows: readonly InboxRow[], options: ApplyOptions): ReadRows {
  const ended: RowOutcome[] = [];
  const money: ReadMoneyRow[] = [];
  const others: ReadRow[] = [];
  for (const row of rows) {
    const read = readRow(row, options);
    if ('status' in read) ended.push(read);
    else if (isMoney(read.sighting)) money.push({ ...read, sighting: read.sighting });
    else others.push(read);
  }
  return { ended, money, others };
}

/**
 * Applies the rows of one group together. When the data of one of them makes that fail, each is applied by itself:
 * the one to blame ends as `attention`, the others as if it had never come. Other errors are thrown: nothing of
 * the group is written then.
 */
export async function applyGroupRows(
  tx: Transaction,
  rows: readonly InboxRow[],
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  try {
    return await applyTogether(tx, rows, options);
  } catch (error) {
    if (!isDataError(error)) throw error;
  }
  const outcomes: RowOutcome[] = [];
  for (const row of rows) outcomes.push(...(await applyAlone(tx, row, options)));
  return outcomes;
}

async function applyAlone(
  tx: Transaction,
  row: InboxRow,
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  try {
    return await applyTogether(tx, [row], options);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const outcome = brokenRow(row, 'cannot be applied', error);
    await openItems(tx, [outcome]);
    return [outcome];
  }
}

/** In a savepoint: what fails here leaves the transaction usable for the other rows. */
async function applyTogether(
  tx: Transaction,
  rows: readonly InboxRow[],
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  const { ended, money, others } = readRows(rows, options);
  const outcomes = [...ended];
  await tx.savepoint(async (inner) => {
    await lockForChecks(inner, others);
    for (const read of others) outcomes.push(await applyOther(inner, read));
    outcomes.push(...(await applyMoneyRows(inner, money, options.clock, 'wait')));
    await openItems(inner, outcomes);
  });
  return outcomes;
}

/** What the row means, or how it ends without being applied. */
function readRow(row: InboxRow, options: ApplyOptions): ReadRow | RowOutcome {
  let version: unknown;
  try {
    if (row.payload === null) return { row, status: 'ignored', reason: ERASED };
    const event = storableValue(row.payload) as StoredEvent;
    version = event['api_version'];
    const sighting = options.interpret(row.type, event);
    if (sighting.kind === 'ignored') return { row, status: 'ignored', reason: sighting.reason };
    if (sighting.kind === 'verification' && sighting.holder !== null) {
      const named = sighting.holder.tenantId;
      // Without an account a message is the platform's, but for one that names its tenant itself.
      if (named !== row.tenant_id) {
        return parkOrGiveUp({ ...row, tenant_id: null }, `there is no tenant ${named}`);
      }
    }
    if (row.tenant_id === null) {
      const reason = `no tenant has the Stripe account ${row.stripe_account}`;
      return parkOrGiveUp(row, reason);
    }
    return { row, sighting, tenantId: parseTenantId(row.tenant_id) };
  } catch (error) {
    // An event that cannot be read will not become readable: a person has to look at it.
    const of = typeof version === 'string' ? ` (API version ${version})` : '';
    return brokenRow(row, `cannot be read${of}`, error);
  }
}

/** What an event was about that is not known, where it is not what the event shows. */
const MISSING: Readonly<Partial<Record<Sighting['kind'], string>>> = {
  dispute: 'clearing record',
  token: 'card',
};

async function applyOther(
  tx: Transaction,
  { row, tenantId, sighting }: ReadRow,
): Promise<RowOutcome> {
  const applied = await applySighting(tx, tenantId, sighting);
  if (applied === 'applied') return { row, status: 'applied', reason: null };
  if (applied === 'misaddressed') {
    return { row, status: 'attention', reason: 'this check was made for another cardholder' };
  }
  const missing = MISSING[sighting.kind] ?? sighting.kind;
  return parkOrGiveUp(row, `nobody here knows the ${missing} of this event`);
}

function applySighting(
  tx: Transaction,
  tenantId: TenantId,
  sighting: Sighting,
): Promise<Applied | 'misaddressed'> {
  switch (sighting.kind) {
    case 'card':
      return applyCard(tx, tenantId, sighting);
    case 'cardholder':
      return applyCardholder(tx, tenantId, sighting);
    case 'verification':
      return applyVerification(tx, tenantId, sighting);
    case 'dispute':
      return applyDispute(tx, tenantId, sighting);
    case 'token':
      return applyToken(tx, tenantId, sighting);
    case 'design':
      return applyDesign(tx, tenantId, sighting);
    case 'redaction':
      return applyRedaction(tx, tenantId, sighting);
    default:
      throw new Error(`a sighting of kind ${sighting.kind} is not applied here`);
  }
}

/** A row that ends as `attention` has an open item that says what a person needs to know. */
export async function openItems(tx: Transaction, outcomes: readonly RowOutcome[]): Promise<void> {
  for (const { row, status, reason, hasItem = false } of outcomes) {
    if (status !== 'attention' || hasItem) continue;
    // Every look at Stripe is a row of its own; the item is about what was looked at.
    const subject = row.source === 'fetch' ? (row.object_id ?? row.event_id) : row.event_id;
    await openAttention(tx, {
      tenantId: row.tenant_id,
      kind: 'event_not_applied',
      subject,
      details: { type: row.type, objectId: row.object_id, reason },
    });
  }
}

/** Writes how the rows end, all at once; parked ones wait twice as long each time. */
export async function settle(
  tx: Transaction,
  outcomes: readonly RowOutcome[],
  retry: { readonly firstMs: number; readonly maxMs: number },
): Promise<void> {
  if (outcomes.length === 0) return;
  const rows = outcomes.map(({ row, status, reason }) => ({
    inbox_id: row.inbox_id,
    created: row.created,
    status,
    reason,
    tenant_id: row.tenant_id,
    wait_s: Math.min(retry.maxMs, retry.firstMs * 2 ** Math.min(row.attempts, 20)) / 1000,
  }));
  await tx`
    update inbox i set status = r.status, reason = r.reason, attempts = attempts + 1,
           -- What is parked was looked at without failing.
           failures = case when r.status = 'pending' then 0 else i.failures end,
           tenant_id = coalesce(i.tenant_id, r.tenant_id),
           settled_at = case when r.status <> 'pending' then now() end,
           settled_by = case when r.status <> 'pending' then pg_current_xact_id() end,
           next_try_at = case when r.status = 'pending' then now() + make_interval(secs => r.wait_s)
                              else i.next_try_at end
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (inbox_id bigint, created bigint, status text, reason text, tenant_id text, wait_s float8)
     -- The creation tells which part of the table the row is in.
     where i.inbox_id = r.inbox_id and i.created = r.created`;
}
