/** The rows of a group that are about money: of known cards on their account, of all others in suspense. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import type { TenantId } from '../../../domain/ids.ts';
import type { Currency } from '../../../domain/money.ts';
import type { Sighting } from '../../../domain/sighting.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Transaction } from '../pool.ts';
import { type CardContext, lockCardContext } from './card-context.ts';
import { parkOrGiveUp, type ReadRow, type RowOutcome } from './inbox-row.ts';
import { applyMoney } from './money.ts';
import { bookUnknownCard, bookWrongCurrency } from './suspense.ts';

export const isMoney = (sighting: Sighting): boolean =>
  sighting.kind === 'authorization' ||
  sighting.kind === 'transaction' ||
  sighting.kind === 'decision' ||
  sighting.kind === 'card_recorded';

/**
 * A group is the rows of one Stripe card. Whose card it is, is for the books to say: rows that came for another
 * tenant are none of its owner's.
 */
export async function applyMoneyRows(
  tx: Transaction,
  rows: readonly ReadRow[],
  clock: Clock,
): Promise<readonly RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  const tenants = [...new Set(rows.map((read) => read.tenantId))].toSorted();
  for (const tenantId of tenants) {
    const own = rows.filter((read) => read.tenantId === tenantId);
    outcomes.push(...(await applyTenantRows(tx, tenantId, own, clock)));
  }
  return outcomes;
}

async function applyTenantRows(
  tx: Transaction,
  tenantId: TenantId,
  rows: readonly ReadRow[],
  clock: Clock,
): Promise<readonly RowOutcome[]> {
  const context = await lockCardContext(tx, await stripeCardOf(tx, rows));
  if (context === null || context.tenantId !== tenantId) return applyUnknownCard(tx, rows, clock);
  const { currency } = context;
  const sightings = rows.map((read) => read.sighting);
  const transactions = sightings.flatMap(transactionsOf);
  await applyMoney(
    tx,
    context,
    {
      snapshots: sightings.flatMap((s) =>
        s.kind === 'authorization' && s.snapshot.currency === currency ? [s.snapshot] : [],
      ),
      transactions: transactions.filter((t) => t.currency === currency),
      rechecks: sightings.flatMap((s) => (s.kind === 'decision' ? [s.authorizationId] : [])),
    },
    Math.floor(clock.nowMs() / 1000),
  );
  for (const transaction of transactions) {
    if (transaction.currency !== currency) await bookWrongCurrency(tx, context, transaction);
  }
  if (sightings.some((s) => s.kind === 'card_recorded')) await wakeParked(tx, context);
  return rows.map((read) => outcomeOf(read, currency));
}

function outcomeOf({ row, sighting }: ReadRow, currency: Currency): RowOutcome {
  const reason = `its currency is not the account's (${currency})`;
  if (sighting.kind === 'authorization' && sighting.snapshot.currency !== currency) {
    return { row, status: 'attention', reason };
  }
  if (transactionsOf(sighting).some((transaction) => transaction.currency !== currency)) {
    // The item is the transaction's: it is opened once, whatever mentions the transaction.
    return {
      row,
      status: 'attention',
      reason: `${reason}: booked against suspense`,
      hasItem: true,
    };
  }
  return { row, status: 'applied', reason: null };
}

/** Rows that waited for this card to become known need not wait for their next try. */
async function wakeParked(tx: Transaction, context: CardContext): Promise<void> {
  await tx`
    update inbox set next_try_at = now()
     where group_key = ${context.stripeCardId} and status = 'pending' and next_try_at > now()`;
}

const transactionsOf = (sighting: Sighting): readonly ObservedTransaction[] =>
  sighting.kind === 'authorization'
    ? sighting.transactions
    : sighting.kind === 'transaction'
      ? [sighting.transaction]
      : [];

async function stripeCardOf(tx: Transaction, rows: readonly ReadRow[]): Promise<string> {
  for (const { sighting } of rows) {
    if (sighting.kind === 'authorization') return sighting.snapshot.stripeCardId;
    if (sighting.kind === 'transaction') return sighting.transaction.stripeCardId;
    if (sighting.kind === 'card_recorded') return sighting.stripeCardId;
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
  rows: readonly ReadRow[],
  clock: Clock,
): Promise<readonly RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  for (const { row, tenantId, sighting } of rows) {
    if (sighting.kind === 'transaction') {
      await bookUnknownCard(tx, tenantId, sighting.transaction);
      const reason = 'booked against suspense: nobody knows the card';
      outcomes.push({ row, status: 'applied', reason });
    } else {
      outcomes.push(parkOrGiveUp(row, 'nobody here knows the card of this event', clock));
    }
  }
  return outcomes;
}
