/**
 * Brings the books of one card to what its authorizations and transactions say: load, converge, write, all
 * under the account's lock.
 */
import type {
  AuthorizationSnapshot,
  ObservedTransaction,
} from '../../../domain/authorization-state.ts';
import { bookTransaction, type Convergence, converge } from '../../../domain/convergence.ts';
import { type AuthorizationId, parseAuthorizationId } from '../../../domain/ids.ts';
import { ZERO } from '../../../domain/money.ts';
import { openAttention } from '../attention.ts';
import { insertFact } from '../fact-store.ts';
import { writeEntry } from '../ledger.ts';
import { flagOverdraft } from '../overdraft.ts';
import type { Transaction } from '../pool.ts';
import {
  createAuthorization,
  insertTransaction,
  loadAuthorization,
  storeConvergence,
} from './authorization-rows.ts';
import type { CardContext } from './card-context.ts';
import { resolveSuspense } from './suspense.ts';

export interface MoneySightings {
  readonly snapshots: readonly AuthorizationSnapshot[];
  readonly transactions: readonly ObservedTransaction[];
  /** Authorizations to converge once more because of a decision of ours. */
  readonly rechecks: readonly string[];
}

/** What changes in a card's cumulative spending. */
interface SpendingDelta {
  purchases: number;
  captures: number;
  capturedMinor: number;
  refundedMinor: number;
}

export async function applyMoney(
  tx: Transaction,
  context: CardContext,
  sightings: MoneySightings,
  nowS: number,
): Promise<void> {
  await resolveSuspense(tx, context, nowS);
  const delta: SpendingDelta = { purchases: 0, captures: 0, capturedMinor: 0, refundedMinor: 0 };
  for (const authorizationId of authorizationsOf(sightings)) {
    const snapshots = sightings.snapshots.filter((s) => s.authorizationId === authorizationId);
    const transactions = sightings.transactions.filter(
      (t) => t.authorizationId === authorizationId,
    );
    const stored = await loadAuthorization(tx, authorizationId);
    if (!stored.exists) {
      const createdS = snapshots[0]?.createdS ?? transactions[0]?.createdS ?? nowS;
      await createAuthorization(tx, context, authorizationId, createdS);
    }
    const options = { reading: context.reading, nowS };
    const result = converge(stored.record, { snapshots, transactions }, options);
    for (const transaction of result.newTransactions) {
      await insertTransaction(tx, transaction, context);
    }
    for (const entry of result.entries) await writeEntry(tx, context, entry);
    await storeConvergence(tx, stored, result);
    await raiseFlags(tx, context, authorizationId, result);
    if (result.isPurchase && !stored.wasPurchase) {
      delta.purchases += 1;
      await tellFirstPurchase(tx, context, authorizationId);
    }
    for (const transaction of result.newTransactions) await count(tx, context, transaction, delta);
  }
  for (const transaction of sightings.transactions) {
    if (transaction.authorizationId === null) await bookUnlinked(tx, context, transaction, delta);
  }
  await addSpending(tx, context, delta);
  await flagOverdraft(tx, context);
}

/** In a fixed order, so that two relays that meet at the same rows wait for one another in the same way. */
function authorizationsOf(sightings: MoneySightings): readonly AuthorizationId[] {
  const ids = new Set<string>(sightings.rechecks);
  for (const snapshot of sightings.snapshots) ids.add(snapshot.authorizationId);
  for (const { authorizationId } of sightings.transactions) {
    if (authorizationId !== null) ids.add(authorizationId);
  }
  return [...ids].toSorted().map(parseAuthorizationId);
}

/** A forced capture or an unlinked refund: no hold is touched, and a person should know. */
async function bookUnlinked(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
  delta: SpendingDelta,
): Promise<void> {
  const flag = transaction.type === 'capture' ? 'forced_capture' : 'unlinked_refund';
  if (!(await insertTransaction(tx, transaction, context, [flag]))) return;
  await writeEntry(tx, context, bookTransaction(transaction, ZERO).entry);
  if (transaction.type === 'capture') delta.purchases += 1;
  await count(tx, context, transaction, delta);
  await openAttention(tx, {
    tenantId: context.tenantId,
    kind: flag,
    subject: transaction.transactionId,
    cardId: context.cardId,
    accountId: context.accountId,
    details: { amountMinor: transaction.amountMinor, currency: transaction.currency },
  });
}

async function count(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
  delta: SpendingDelta,
): Promise<void> {
  const isForced = transaction.type === 'capture' && transaction.authorizationId === null;
  if (transaction.type === 'capture') {
    delta.captures += 1;
    delta.capturedMinor += transaction.amountMinor;
  } else {
    delta.refundedMinor += transaction.amountMinor;
  }
  // A card that winds down must hear of money at once; an active one hears of it by digest, but for forced captures.
  if (context.phase === 'winding_down' || context.phase === 'closed' || isForced) {
    const cause = isForced ? 'forced_capture' : transaction.type;
    const fact = { kind: 'money_seen', cause } as const;
    await insertFact(tx, context, fact, `money/${transaction.transactionId}`);
  }
}

/** The first purchase of an unused or dormant card is told at once; all others go with the digest. */
async function tellFirstPurchase(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
): Promise<void> {
  if (context.usage === 'spending') return;
  await insertFact(tx, context, { kind: 'purchase_seen' }, `purchase/${authorizationId}`);
}

async function addSpending(
  tx: Transaction,
  context: CardContext,
  delta: SpendingDelta,
): Promise<void> {
  if (delta.purchases === 0 && delta.captures === 0 && delta.refundedMinor === 0) return;
  await tx`
    insert into card_spending as s (tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
      last_purchase_at, revision)
    values (${context.tenantId}, ${context.cardId}, ${delta.purchases}, ${delta.captures}, ${delta.capturedMinor},
      ${delta.refundedMinor}, ${delta.purchases > 0 ? new Date() : null}, 1)
    on conflict (card_id) do update set
      purchases = s.purchases + excluded.purchases, captures = s.captures + excluded.captures,
      captured_minor = s.captured_minor + excluded.captured_minor,
      refunded_minor = s.refunded_minor + excluded.refunded_minor,
      last_purchase_at = coalesce(excluded.last_purchase_at, s.last_purchase_at),
      changed_at = now(), revision = s.revision + 1`;
}

/** Flags that a person has to look into; the item stays open until somebody settles it. */
async function raiseFlags(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
  result: Convergence,
): Promise<void> {
  for (const flag of result.flags) {
    if (flag === 'over_captured' || flag === 'adopted') continue;
    await openAttention(tx, {
      tenantId: context.tenantId,
      kind: flag,
      subject: authorizationId,
      cardId: context.cardId,
      accountId: context.accountId,
      details: { capturedMinor: result.capturedMinor, currency: context.currency },
    });
  }
}
