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
import { invariant } from '../../../domain/invariant.ts';
import { ZERO } from '../../../domain/money.ts';
import { openAttention } from '../attention.ts';
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
import {
  addSpending,
  countTransaction,
  noSpending,
  type SpendingDelta,
  tellFirstPurchase,
} from './spending.ts';
import { resolveSuspense } from './suspense.ts';
import { openUnlinked, settleLinked, unlinkedAmong, unlinkedKind } from './unlinked.ts';

export interface MoneySightings {
  readonly snapshots: readonly AuthorizationSnapshot[];
  readonly transactions: readonly ObservedTransaction[];
  /** Authorizations to converge once more because of a decision of ours. */
  readonly rechecks: readonly string[];
}

/** One card's turn: what is seen of it, what came out of suspense for it, and what that adds to its spending. */
interface Turn {
  readonly context: CardContext;
  readonly sightings: MoneySightings;
  readonly nowS: number;
  /** Moved from suspense by this turn, by id; counted at its end. */
  readonly moved: Map<string, ObservedTransaction>;
  readonly delta: SpendingDelta;
}

export async function applyMoney(
  tx: Transaction,
  context: CardContext,
  sightings: MoneySightings,
  nowS: number,
): Promise<void> {
  const resolved = await resolveSuspense(tx, context, nowS);
  const moved = new Map<string, ObservedTransaction>(
    resolved.map((transaction) => [transaction.transactionId, transaction]),
  );
  const turn: Turn = { context, sightings, nowS, moved, delta: noSpending() };
  for (const authorizationId of authorizationsOf(turn)) await bring(tx, turn, authorizationId);
  for (const transaction of turn.moved.values()) await countMoved(tx, turn, transaction);
  for (const transaction of sightings.transactions) {
    if (transaction.authorizationId === null) await bookUnlinked(tx, turn, transaction);
  }
  await addSpending(tx, context, turn.delta);
  await flagOverdraft(tx, context);
}

/** In a fixed order, so that two relays that meet at the same rows wait for one another in the same way. */
function authorizationsOf({ sightings, moved }: Turn): readonly AuthorizationId[] {
  const ids = new Set<string>(sightings.rechecks);
  for (const snapshot of sightings.snapshots) ids.add(snapshot.authorizationId);
  for (const { authorizationId } of [...sightings.transactions, ...moved.values()]) {
    if (authorizationId !== null) ids.add(authorizationId);
  }
  return [...ids].toSorted().map(parseAuthorizationId);
}

/** Brings one authorization to where everything known leads. */
async function bring(tx: Transaction, turn: Turn, authorizationId: AuthorizationId): Promise<void> {
  const { context, sightings, nowS, delta } = turn;
  const isOfIt = (seen: { readonly authorizationId: string | null }): boolean =>
    seen.authorizationId === authorizationId;
  const snapshots = sightings.snapshots.filter(isOfIt);
  const transactions = sightings.transactions.filter(isOfIt);
  const seenIds = seenTransactionIds(snapshots, transactions);
  await checkOwner(tx, context, authorizationId);
  const unlinked = await unlinkedAmong(tx, context, seenIds);
  const stored = await loadAuthorization(tx, context, authorizationId, seenIds);
  await settleLinked(tx, context, { authorizationId, unlinked, moved: turn.moved }, delta);
  if (!stored.exists) {
    const first = snapshots[0] ?? transactions[0] ?? [...turn.moved.values()].find(isOfIt);
    await createAuthorization(tx, context, authorizationId, first?.createdS ?? nowS);
  }
  const options = { reading: context.reading, nowS };
  const result = converge(stored.record, { snapshots, transactions }, options);
  for (const transaction of result.newTransactions) {
    const isNew = await insertTransaction(tx, transaction, context);
    // Its entry would be refused, or money would move twice: it is on the books as somebody else's.
    invariant(isNew, `transaction ${transaction.transactionId} is booked already, but not here`);
  }
  for (const entry of result.entries) await writeEntry(tx, context, entry);
  await storeConvergence(tx, stored, result);
  await raiseFlags(tx, context, authorizationId, result);
  if (result.isPurchase && !stored.wasPurchase) {
    delta.purchases += 1;
    await tellFirstPurchase(tx, context, authorizationId);
  }
  for (const transaction of result.newTransactions) {
    await countTransaction(tx, context, transaction, delta);
  }
}

/** An authorization never changes its card; one of another account must not be touched under this one's lock. */
async function checkOwner(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
): Promise<void> {
  const others = await tx`
    select 1 from authorizations
     where authorization_id = ${authorizationId} and account_id <> ${context.accountId}`;
  invariant(others.length === 0, `authorization ${authorizationId} is another account's`);
}

/** Ids of the transactions that come with an authorization now, be it as an id in a list. */
const seenTransactionIds = (
  snapshots: readonly AuthorizationSnapshot[],
  transactions: readonly ObservedTransaction[],
): readonly string[] => [
  ...new Set<string>([
    ...transactions.map((transaction) => transaction.transactionId),
    ...snapshots.flatMap(({ captures }) => captures.map((capture) => capture.transactionId)),
  ]),
];

/** As if it had come just now: so it does not matter when the card became known. */
async function countMoved(
  tx: Transaction,
  { context, delta }: Turn,
  transaction: ObservedTransaction,
): Promise<void> {
  if (transaction.authorizationId === null) {
    await tx`
      update transactions set flags = array_append(flags, ${unlinkedKind(transaction.type)})
       where transaction_id = ${transaction.transactionId}`;
    if (transaction.type === 'capture') delta.purchases += 1;
    await openUnlinked(tx, context, transaction);
  }
  await countTransaction(tx, context, transaction, delta);
}

/** A forced capture or an unlinked refund: no hold is touched, and a person should know. */
async function bookUnlinked(
  tx: Transaction,
  { context, delta }: Turn,
  transaction: ObservedTransaction,
): Promise<void> {
  const flags = [unlinkedKind(transaction.type)];
  if (!(await insertTransaction(tx, transaction, context, flags))) return;
  await writeEntry(tx, context, bookTransaction(transaction, ZERO).entry);
  if (transaction.type === 'capture') delta.purchases += 1;
  await countTransaction(tx, context, transaction, delta);
  await openUnlinked(tx, context, transaction);
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
