/** Loads and stores what is known of one authorization, for the pure convergence in between. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import { type Evidence, NO_EVIDENCE, type RecordedDecision } from '../../../domain/confirmation.ts';
import type {
  AuthorizationRecord,
  BookedTransaction,
  Convergence,
} from '../../../domain/convergence.ts';
import { type AuthorizationId, parseTransactionId } from '../../../domain/ids.ts';
import { minorUnits, ZERO } from '../../../domain/money.ts';
import type { SurplusRule } from '../../../domain/surplus.ts';
import type { Transaction } from '../pool.ts';
import type { CardContext } from './card-context.ts';

export interface StoredAuthorization {
  readonly record: AuthorizationRecord;
  readonly exists: boolean;
  readonly wasPurchase: boolean;
  /** Seconds at which the purchase counts towards limits: our first decision, else Stripe's creation. */
  readonly decidedS: number | null;
}

/**
 * Loads an authorization with its decisions and its booked transactions; empty when nothing is known.
 * `seenTransactionIds` are the transactions that are shown with it now.
 */
export async function loadAuthorization(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
  seenTransactionIds: readonly string[],
): Promise<StoredAuthorization> {
  // A transaction that came without its authorization, and is shown with it now, is on the books already.
  await tx`
    update transactions set authorization_id = ${authorizationId}
     where transaction_id = any(${[...seenTransactionIds]}) and authorization_id is null
       and account_id = ${context.accountId}`;
  const [row] = await tx<
    {
      snapshot: AuthorizationRecord['newest'] | null;
      evidence: Evidence;
      held_minor: number;
      is_purchase: boolean;
    }[]
  >`select snapshot, evidence, held_minor, is_purchase from authorizations where authorization_id = ${authorizationId}`;
  const decisions = await tx<
    {
      request_id: string;
      approved: boolean;
      asked_minor: number;
      approved_minor: number;
      surplus: SurplusRule;
      requested_at: number;
      decided_s: number;
    }[]
  >`select request_id, approved, asked_minor, approved_minor, surplus, requested_at,
           extract(epoch from decided_at)::float8 as decided_s
      from decisions where authorization_id = ${authorizationId} order by decided_at, request_id`;
  const booked = await tx<
    { transaction_id: string; type: 'capture' | 'refund'; amount_minor: number }[]
  >`select transaction_id, type, amount_minor from transactions where authorization_id = ${authorizationId}`;
  return {
    exists: row !== undefined,
    wasPurchase: row?.is_purchase ?? false,
    decidedS: decisions.find((d) => d.approved)?.decided_s ?? null,
    record: {
      authorizationId,
      newest: row?.snapshot ?? [],
      evidence: { ...NO_EVIDENCE, ...row?.evidence },
      heldMinor: row === undefined ? ZERO : minorUnits(row.held_minor),
      decisions: decisions.map(
        (d): RecordedDecision => ({
          requestId: d.request_id,
          approved: d.approved,
          askedMinor: minorUnits(d.asked_minor),
          approvedMinor: minorUnits(d.approved_minor),
          surplus: d.surplus,
          requestedS: d.requested_at,
        }),
      ),
      booked: booked.map(
        (t): BookedTransaction => ({
          transactionId: parseTransactionId(t.transaction_id),
          type: t.type,
          amountMinor: minorUnits(t.amount_minor),
        }),
      ),
    },
  };
}

/** Makes the row that holds and postings refer to. Its balances start at zero and belong to the trigger. */
export async function createAuthorization(
  tx: Transaction,
  context: CardContext,
  authorizationId: AuthorizationId,
  createdS: number,
): Promise<void> {
  await tx`
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, anchored_at)
    values (${context.tenantId}, ${authorizationId}, ${context.accountId}, ${context.cardId},
      ${context.stripeCardId}, ${context.currency}, to_timestamp(${createdS}))
    on conflict (authorization_id) do nothing`;
}

/** Stores where convergence led, but for the entries, which the ledger writes. */
export async function storeConvergence(
  tx: Transaction,
  stored: StoredAuthorization,
  result: Convergence,
): Promise<void> {
  const { authorizationId } = stored.record;
  const view = result.newest[0];
  const anchorS = stored.decidedS ?? view?.createdS ?? null;
  await tx`
    update authorizations set
      snapshot = ${view === undefined ? null : JSON.stringify(result.newest)}::text::jsonb,
      evidence = ${JSON.stringify(result.evidence)}::text::jsonb,
      status = ${result.status}, captured_minor = ${result.capturedMinor}, refunded_minor = ${result.refundedMinor},
      counted_minor = ${result.hold.countedMinor}, flags = ${[...result.flags, ...(result.hold.tied ? ['tied'] : [])]},
      is_purchase = ${result.isPurchase},
      anchored_at = coalesce(to_timestamp(${anchorS}), anchored_at),
      merchant = coalesce(${view === undefined ? null : JSON.stringify(view.merchant)}::text::jsonb, merchant)
    where authorization_id = ${authorizationId}`;
  if (result.confirmed.length > 0) {
    await tx`
      update decisions set confirmed = true
       where authorization_id = ${authorizationId} and request_id = any(${[...result.confirmed]}) and not confirmed`;
  }
}

/** Claims a transaction for booking; false when it is on the books already. */
export async function insertTransaction(
  tx: Transaction,
  transaction: ObservedTransaction,
  context:
    | CardContext
    | { readonly tenantId: string; readonly accountId: null; readonly cardId: null },
  flags: readonly string[] = [],
): Promise<boolean> {
  const rows = await tx`
    insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id,
      currency, amount_minor, merchant, flags, created_at)
    values (${context.tenantId}, ${transaction.transactionId}, ${transaction.type}, ${transaction.authorizationId},
      ${context.accountId}, ${context.cardId}, ${transaction.stripeCardId}, ${transaction.currency},
      ${transaction.amountMinor}, ${JSON.stringify(transaction.merchant)}::text::jsonb, ${[...flags]},
      to_timestamp(${transaction.createdS}))
    on conflict (transaction_id) do nothing returning 1`;
  return rows.length > 0;
}
