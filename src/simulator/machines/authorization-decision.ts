/** How decisions change an authorization: the first one, and those on additions to it. Pure. */
import {
  type AuthorizationRow,
  canIncrement,
  type Decision,
  type DecisionFacts,
  type PendingRequest,
  type RequestEntry,
  withAmount,
} from './authorization.ts';

function historyEntry(
  request: PendingRequest,
  decision: Decision,
  facts: DecisionFacts,
): RequestEntry {
  const amount = decision.amount ?? request.amount;
  const rate = request.amount === 0 ? 1 : request.merchant_amount / request.amount;
  return {
    amount,
    amount_details: request.amount_details,
    approved: decision.approved,
    authorization_code: decision.approved ? facts.authorizationCode : null,
    created: facts.now,
    currency: request.currency,
    merchant_amount: Math.round(amount * rate),
    merchant_currency: request.merchant_currency,
    network_risk_score: request.network_risk_score,
    reason: decision.reason,
    reason_message: decision.message,
    requested_at: facts.requestedAt,
  };
}

/** The outcome of the first request: a pending authorization, or a closed one that shows what was refused. */
export function decideFirst(
  row: AuthorizationRow,
  request: PendingRequest,
  decision: Decision,
  facts: DecisionFacts,
): AuthorizationRow {
  const amount = decision.amount ?? request.amount;
  return {
    ...withAmount(row, amount),
    approved: decision.approved,
    status: decision.approved ? 'pending' : 'closed',
    metadata: { ...row.metadata, ...decision.metadata },
    request_history: [...row.request_history, historyEntry(request, decision, facts)],
    sim: {
      ...row.sim,
      remaining: decision.approved ? amount : 0,
      approvedTotal: decision.approved ? amount : 0,
    },
  };
}

/**
 * The outcome of an increment. Declined, it leaves everything but the history as it was; so does an approval that
 * comes when the authorization is over, because it was captured or expired while the endpoint was thinking.
 */
export function decideIncrement(
  row: AuthorizationRow,
  request: PendingRequest,
  decision: Decision,
  facts: DecisionFacts,
): AuthorizationRow {
  const decided = {
    ...row,
    metadata: { ...row.metadata, ...decision.metadata },
    request_history: [...row.request_history, historyEntry(request, decision, facts)],
  };
  if (!decision.approved || !canIncrement(row, facts.now)) return decided;
  const added = decision.amount ?? request.amount;
  const { remaining, approvedTotal } = row.sim;
  return {
    ...withAmount(decided, row.amount + added),
    approved: true,
    status: 'pending',
    sim: { ...row.sim, remaining: remaining + added, approvedTotal: approvedTotal + added },
  };
}
