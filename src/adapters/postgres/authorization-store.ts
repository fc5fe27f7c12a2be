/** Purchases in Postgres: lists by card or account, and one as a whole. */
import { authorizationChain, type ChainRequest } from '../../domain/authorization-chain.ts';
import type { HistoryEntry } from '../../domain/authorization-state.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../domain/confirmation.ts';
import { explain } from '../../domain/explain.ts';
import { parseTransactionId } from '../../domain/ids.ts';
import { type MinorUnits, minorUnits, ZERO } from '../../domain/money.ts';
import type {
  Authorization,
  AuthorizationRequest,
  AuthorizationSummary,
  Authorizations,
} from '../../ports/authorizations.ts';
import { toAttentionItem } from './attention-rows.ts';
import {
  type DecisionRow,
  readWhole,
  type SummaryRow,
  summaryColumns,
  toSummary,
  type WholeRow,
} from './authorization-rows.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';
import { isoTime, type TransactionRow, toTransaction } from './transaction-rows.ts';

const ORDER = { table: 'authorizations', id: 'authorization_id', time: 'anchored_at' } as const;
const MS_PER_SECOND = 1000;

export function createAuthorizationStore(sql: Queryable): Authorizations {
  return {
    async find(id) {
      return toAuthorization(id, await readWhole(sql, id));
    },

    async list({ cardId, accountId, status }, page) {
      const rows = await sql<SummaryRow[]>`
        select ${summaryColumns(sql)} from authorizations where true
          ${cardId === undefined ? sql`` : sql`and card_id = ${cardId}`}
          ${accountId === undefined ? sql`` : sql`and account_id = ${accountId}`}
          ${status === undefined ? sql`` : sql`and status = ${status}`}
          ${afterCursor(sql, ORDER, page)}
         order by anchored_at desc, authorization_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toSummary), page, cursorIn(sql, ORDER));
    },
  };
}

function toAuthorization(id: string, row: WholeRow): Authorization | undefined {
  const summary = row.summary === null ? summaryWithoutRow(id, row) : toSummary(row.summary);
  if (summary === undefined) return undefined;
  const chain = authorizationChain({
    newest: row.newest ?? [],
    evidence: { ...NO_EVIDENCE, ...row.evidence },
    decisions: row.decisions.map((decision) => ({ ...recorded(decision), row: decision })),
    booked: row.transactions.map(booked),
  });
  return {
    ...summary,
    approved: chain.approved,
    approvedMinor: chain.approvedMinor,
    requests: chain.requests.map(toRequest),
    holds: row.holds.map((hold) => ({
      ...hold,
      effectiveAt: isoTime(hold.effectiveAt),
      postedAt: isoTime(hold.postedAt),
    })),
    transactions: chain.transactions.map((transaction) => toTransaction(transaction.row)),
    attention: row.attention.map(toAttentionItem),
  };
}

/** An unreadable request may name an authorization, but tells nothing of it. */
const isReadable = <R extends DecisionRow | TransactionRow>(
  row: R,
): row is R & { readonly stripeCardId: string; readonly currency: string } =>
  row.stripeCardId !== null && row.currency !== null;

/** Known by a decline of ours, or by a clearing record of an unknown card: nothing is held for it. */
function summaryWithoutRow(
  id: string,
  { decisions, transactions }: WholeRow,
): AuthorizationSummary | undefined {
  const first = [...decisions, ...transactions].find(isReadable);
  if (first === undefined) return undefined;
  const times = [...decisions.map((d) => d.decidedAt), ...transactions.map((t) => t.createdAt)]
    .map(isoTime)
    .toSorted();
  return {
    id,
    tenantId: first.tenantId,
    cardId: first.cardId,
    accountId: first.accountId,
    stripeCardId: first.stripeCardId,
    currency: first.currency,
    status: 'pending',
    merchant: transactions.map(toTransaction)[0]?.merchant ?? null,
    heldMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
    leftMinor: 0,
    flags: [],
    purchasedAt: times[0] ?? '',
    createdAt: times[0] ?? '',
  };
}

const recorded = (row: DecisionRow): RecordedDecision => ({
  requestId: row.requestId,
  approved: row.approved,
  // An unreadable request asked for nothing that we know of; Stripe's metadata tell which answer was ours.
  askedMinor: row.askedMinor ?? ZERO,
  approvedMinor: row.approvedMinor,
  surplus: row.surplus,
  requestedS: row.requestedS,
  decidedS: row.decidedS,
});

const booked = (row: TransactionRow) => ({
  transactionId: parseTransactionId(row.id),
  type: row.type,
  amountMinor: minorUnits(row.amountMinor),
  createdS: new Date(row.createdAt).getTime() / MS_PER_SECOND,
  row,
});

function toRequest(
  request: ChainRequest<RecordedDecision & { readonly row: DecisionRow }>,
): AuthorizationRequest {
  const { decision } = request;
  return {
    at: new Date(request.atS * MS_PER_SECOND).toISOString(),
    decision: decision === null ? null : toDecision(decision.row, request),
    answer: request.answer === null ? null : toAnswer(request.answer),
  };
}

const toDecision = (
  row: DecisionRow,
  { heldMinor, confirmed }: { readonly heldMinor: MinorUnits; readonly confirmed: boolean },
): AuthorizationRequest['decision'] => ({
  id: row.id,
  requestId: row.requestId,
  approved: row.approved,
  reason: row.reason,
  askedMinor: row.askedMinor,
  approvedMinor: row.approvedMinor,
  surplus: row.surplus,
  heldMinor,
  confirmed,
  availableBeforeMinor: row.availableBeforeMinor,
  explanation: explain({ ...row, heldMinor, explanation: row.facts, answer: null }),
  facts: row.facts,
  decidedAt: isoTime(row.decidedAt),
});

const toAnswer = ({ approved, amountMinor, reason }: HistoryEntry) => ({
  approved,
  amountMinor,
  reason,
});
