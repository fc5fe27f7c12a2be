/** The rows of one inbox group: what each means, what is done with it, and how each ends. */

import { parseTenantId, type TenantId } from '../../../domain/ids.ts';
import { UNKNOWN_CARD_PARKED_MS } from '../../../domain/limits.ts';
import type { Sighting } from '../../../domain/sighting.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Interpret } from '../../../ports/event-application.ts';
import { openAttention } from '../attention.ts';
import type { Transaction } from '../pool.ts';
import { type CardContext, lockCardContext } from './card-context.ts';
import { type Applied, applyCard, applyCardholder, applyVerification } from './directory.ts';
import { applyMoney } from './money.ts';
import { bookUnknownCard } from './suspense.ts';

export interface InboxRow {
  readonly inbox_id: number;
  readonly event_id: string;
  readonly type: string;
  readonly created: number;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly stripe_account: string | null;
  readonly received_at: Date;
  readonly attempts: number;
  readonly tenant_id: string | null;
}

export interface ApplyOptions {
  readonly interpret: Interpret;
  readonly clock: Clock;
  /** Groups worked off in one call. */
  readonly groupsMax: number;
  /** Told of groups whose transaction failed; they are tried again later. */
  readonly onError: (groupKey: string, error: unknown) => void;
}

/** How a row ends: `pending` is parked and tried again. */
export interface RowOutcome {
  readonly row: InboxRow;
  readonly status: 'applied' | 'ignored' | 'attention' | 'pending';
  readonly reason: string | null;
}

interface ReadRow {
  readonly row: InboxRow;
  readonly tenantId: TenantId;
  readonly sighting: Sighting;
}

export async function applyRows(
  tx: Transaction,
  rows: readonly InboxRow[],
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  const money: ReadRow[] = [];
  for (const row of rows) {
    const read = readRow(row, options);
    if ('status' in read) outcomes.push(read);
    else if (isMoney(read.sighting)) money.push(read);
    else outcomes.push(await applyOther(tx, read, options));
  }
  outcomes.push(...(await applyMoneyRows(tx, money, options)));
  for (const outcome of outcomes) await openItemFor(tx, outcome);
  return outcomes;
}

/** What the row means, or how it ends without being applied. */
function readRow(row: InboxRow, options: ApplyOptions): ReadRow | RowOutcome {
  try {
    const sighting = options.interpret(row.type, row.payload);
    if (sighting.kind === 'ignored') return { row, status: 'ignored', reason: sighting.reason };
    if (row.tenant_id === null) {
      return parkOrGiveUp(row, `no tenant has the Stripe account ${row.stripe_account}`, options);
    }
    return { row, sighting, tenantId: parseTenantId(row.tenant_id) };
  } catch (error) {
    // An event that cannot be read will not become readable: a person has to look at it.
    return { row, status: 'attention', reason: `cannot be read: ${String(error)}` };
  }
}

const isMoney = (sighting: Sighting): boolean =>
  sighting.kind === 'authorization' ||
  sighting.kind === 'transaction' ||
  sighting.kind === 'decision';

function parkOrGiveUp(row: InboxRow, reason: string, options: ApplyOptions): RowOutcome {
  const ageMs = options.clock.nowMs() - row.received_at.getTime();
  return { row, status: ageMs > UNKNOWN_CARD_PARKED_MS ? 'attention' : 'pending', reason };
}

async function applyOther(
  tx: Transaction,
  read: ReadRow,
  options: ApplyOptions,
): Promise<RowOutcome> {
  const { row, tenantId, sighting } = read;
  const applied = await applySighting(tx, tenantId, sighting);
  if (applied === 'applied') return { row, status: 'applied', reason: null };
  return parkOrGiveUp(row, `nobody here knows the ${sighting.kind} of this event`, options);
}

function applySighting(tx: Transaction, tenantId: TenantId, sighting: Sighting): Promise<Applied> {
  switch (sighting.kind) {
    case 'card':
      return applyCard(tx, tenantId, sighting);
    case 'cardholder':
      return applyCardholder(tx, tenantId, sighting);
    case 'verification':
      return applyVerification(tx, tenantId, sighting);
    default:
      throw new Error(`a sighting of kind ${sighting.kind} is not applied here`);
  }
}

/** A group is the rows of one Stripe card of one tenant. */
async function applyMoneyRows(
  tx: Transaction,
  group: readonly ReadRow[],
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  const [first] = group;
  if (first === undefined) return [];
  const context = await lockCardContext(tx, await stripeCardOf(tx, group));
  if (context === null || context.tenantId !== first.tenantId) {
    return applyUnknownCard(tx, group, options);
  }
  const readable = group.filter((read) => isOfCurrency(read.sighting, context));
  await applyMoney(
    tx,
    context,
    {
      snapshots: readable.flatMap(({ sighting: s }) =>
        s.kind === 'authorization' ? [s.snapshot] : [],
      ),
      transactions: readable.flatMap(({ sighting: s }) => transactionsOf(s)),
      rechecks: readable.flatMap(({ sighting: s }) =>
        s.kind === 'decision' ? [s.authorizationId] : [],
      ),
    },
    Math.floor(options.clock.nowMs() / 1000),
  );
  return group.map(
    ({ row, sighting }): RowOutcome =>
      isOfCurrency(sighting, context)
        ? { row, status: 'applied', reason: null }
        : {
            row,
            status: 'attention',
            reason: `its currency is not the account's (${context.currency})`,
          },
  );
}

const transactionsOf = (sighting: Sighting) =>
  sighting.kind === 'authorization'
    ? sighting.transactions
    : sighting.kind === 'transaction'
      ? [sighting.transaction]
      : [];

function isOfCurrency(sighting: Sighting, context: CardContext): boolean {
  if (sighting.kind === 'authorization') return sighting.snapshot.currency === context.currency;
  if (sighting.kind === 'transaction') return sighting.transaction.currency === context.currency;
  return true;
}

async function stripeCardOf(tx: Transaction, group: readonly ReadRow[]): Promise<string> {
  for (const { sighting } of group) {
    if (sighting.kind === 'authorization') return sighting.snapshot.stripeCardId;
    if (sighting.kind === 'transaction') return sighting.transaction.stripeCardId;
    if (sighting.kind === 'decision') {
      const [row] = await tx<{ stripe_card_id: string }[]>`
        select stripe_card_id from authorizations where authorization_id = ${sighting.authorizationId}`;
      if (row !== undefined) return row.stripe_card_id;
    }
  }
  return '';
}

/** Money moves at once, against suspense; everything else waits for the card to become known. */
async function applyUnknownCard(
  tx: Transaction,
  group: readonly ReadRow[],
  options: ApplyOptions,
): Promise<readonly RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  for (const { row, tenantId, sighting } of group) {
    if (sighting.kind === 'transaction') {
      await bookUnknownCard(tx, tenantId, sighting.transaction);
      outcomes.push({
        row,
        status: 'applied',
        reason: 'booked against suspense: nobody knows the card',
      });
    } else {
      outcomes.push(parkOrGiveUp(row, 'nobody here knows the card of this event', options));
    }
  }
  return outcomes;
}

/** A row that ends as `attention` has an open item that says what a person needs to know. */
async function openItemFor(tx: Transaction, outcome: RowOutcome): Promise<void> {
  if (outcome.status !== 'attention') return;
  await openAttention(tx, {
    tenantId: outcome.row.tenant_id,
    kind: 'event_not_applied',
    subject: outcome.row.event_id,
    details: { type: outcome.row.type, reason: outcome.reason },
  });
}

/** Writes how the rows end; parked ones wait twice as long each time. */
export async function settle(
  tx: Transaction,
  outcomes: readonly RowOutcome[],
  retry: { readonly firstMs: number; readonly maxMs: number },
): Promise<void> {
  for (const { row, status, reason } of outcomes) {
    const waitMs = Math.min(retry.maxMs, retry.firstMs * 2 ** Math.min(row.attempts, 20));
    await tx`
      update inbox set status = ${status}, reason = ${reason}, attempts = attempts + 1,
             tenant_id = coalesce(tenant_id, ${row.tenant_id}),
             settled_at = ${status === 'pending' ? null : new Date()},
             next_try_at = now() + make_interval(secs => ${waitMs / 1000})
       where inbox_id = ${row.inbox_id}`;
  }
}
