/**
 * An authorization as it is stored, and its state machine. Pure.
 *
 *   (asked) ──declined──► closed
 *      └─approved─► pending ──capture, closing──► closed
 *                   │  ▲  └─capture, more to come─► pending (less is left)
 *                   │  └──increment── reversed
 *                   ├──reverse, all that is left──► reversed (closed, if something was captured before)
 *                   └──validity passed──► expired
 *
 * Captures are possible in every state and in any amount: the network does not ask. Only in `pending` they change
 * what is left. Whether `amount` of a partly captured authorization shrinks or stays is unknown of Stripe, hence
 * `CapturedAmountMode`; a closing capture leaves `amount` as it was in both.
 */
import type { AmountDetails, Fleet, Fuel, MerchantData, VerificationData } from './purchase.ts';

export const CAPTURED_AMOUNT_MODES = ['shrinks', 'stays'] as const;
export type CapturedAmountMode = (typeof CAPTURED_AMOUNT_MODES)[number];
type AuthorizationStatus = 'closed' | 'expired' | 'pending' | 'reversed';

/** Reasons of a decision, as Stripe names them. */
export type DecisionReason =
  | 'account_disabled'
  | 'card_active'
  | 'card_canceled'
  | 'card_expired'
  | 'card_inactive'
  | 'cardholder_blocked'
  | 'cardholder_inactive'
  | 'cardholder_verification_required'
  | 'insufficient_funds'
  | 'network_fallback'
  | 'not_allowed'
  | 'spending_controls'
  | 'suspected_fraud'
  | 'verification_failed'
  | 'webhook_approved'
  | 'webhook_declined'
  | 'webhook_error'
  | 'webhook_timeout';

/** What is asked for: the whole amount at first, the addition later. */
export interface PendingRequest {
  readonly amount: number;
  readonly amount_details: AmountDetails | null;
  readonly currency: string;
  readonly is_amount_controllable: boolean;
  readonly merchant_amount: number;
  readonly merchant_currency: string;
  readonly network_risk_score: number | null;
}

interface RequestEntry {
  readonly amount: number;
  readonly amount_details: AmountDetails | null;
  readonly approved: boolean;
  readonly authorization_code: string | null;
  readonly created: number;
  readonly currency: string;
  readonly merchant_amount: number;
  readonly merchant_currency: string;
  readonly network_risk_score: number | null;
  readonly reason: DecisionReason;
  readonly reason_message: string | null;
  readonly requested_at: number | null;
}

export interface AuthorizationRow {
  readonly id: string;
  readonly amount: number;
  readonly amount_details: AmountDetails | null;
  readonly approved: boolean;
  readonly authorization_method: 'chip' | 'contactless' | 'keyed_in' | 'online' | 'swipe';
  /** Ids of what was booked on the Issuing balance for it, oldest first; absent in processor-only programs. */
  readonly balance_transactions?: readonly string[];
  readonly card: string;
  readonly card_presence: 'not_present' | 'present';
  readonly cardholder: string;
  readonly created: number;
  readonly currency: string;
  readonly fleet: Fleet | null;
  readonly fuel: Fuel | null;
  readonly merchant_amount: number;
  readonly merchant_currency: string;
  readonly merchant_data: MerchantData;
  readonly metadata: Readonly<Record<string, string>>;
  readonly network_data: {
    readonly acquiring_institution_id: string | null;
    readonly system_trace_audit_number: string | null;
    readonly transaction_id: string | null;
  };
  /** Oldest first. */
  readonly request_history: readonly RequestEntry[];
  readonly status: AuthorizationStatus;
  /** The wallet's token that is paid with. */
  readonly token: string | null;
  /** Ids, oldest first. */
  readonly transactions: readonly string[];
  readonly verification_data: VerificationData;
  readonly verified_by_fraud_challenge: boolean | null;
  readonly wallet: 'apple_pay' | 'google_pay' | 'samsung_pay' | null;
  /** What the API does not show. Amounts in minor units of the card's currency. */
  readonly sim: {
    /** What the merchant may still capture by rule. */
    readonly remaining: number;
    /** Sum of the captures. */
    readonly captured: number;
    /** Sum of what was approved. */
    readonly approvedTotal: number;
    /** Units of the merchant's currency for one of the card's. */
    readonly merchantRate: number;
    /** What was asked for at first; it outlives a restart while the decision is open. */
    readonly requested: number;
    /** Unix seconds. */
    readonly expiresAt: number;
  };
}

export interface Decision {
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly message: string | null;
  /** Set when less (at a fuel pump: more) was approved than asked for. */
  readonly amount?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface DecisionFacts {
  readonly now: number;
  readonly requestedAt: number;
  readonly authorizationCode: string;
}

const inMerchantCurrency = (row: AuthorizationRow, amount: number): number =>
  Math.round(amount * row.sim.merchantRate);

const withAmount = (row: AuthorizationRow, amount: number): AuthorizationRow => ({
  ...row,
  amount,
  merchant_amount: inMerchantCurrency(row, amount),
});

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

/** The outcome of an increment. Declined, it leaves everything but the history as it was. */
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
  if (!decision.approved) return decided;
  const added = decision.amount ?? request.amount;
  const { remaining, approvedTotal } = row.sim;
  return {
    ...withAmount(decided, row.amount + added),
    approved: true,
    status: 'pending',
    sim: { ...row.sim, remaining: remaining + added, approvedTotal: approvedTotal + added },
  };
}

/** An authorization that fell to 0 may be held again; closed and expired ones are over. */
export const canIncrement = (row: AuthorizationRow): boolean =>
  (row.status === 'pending' && row.approved) || row.status === 'reversed';

export const isOpen = (row: AuthorizationRow): boolean => row.status === 'pending' && row.approved;

/** What is captured when the merchant names no amount. */
export function defaultCapture(row: AuthorizationRow): number {
  if (isOpen(row)) return row.sim.remaining;
  return row.amount > 0 ? row.amount : row.sim.approvedTotal;
}

export interface Capture {
  readonly transaction: string;
  readonly amount: number;
  readonly close: boolean;
}

export function capture(
  row: AuthorizationRow,
  taken: Capture,
  mode: CapturedAmountMode,
): AuthorizationRow {
  const captured = row.sim.captured + taken.amount;
  const posted = {
    ...row,
    transactions: [...row.transactions, taken.transaction],
    sim: { ...row.sim, captured },
  };
  if (!isOpen(row)) return posted;
  if (taken.close) return { ...posted, status: 'closed', sim: { ...posted.sim, remaining: 0 } };
  const remaining = Math.max(0, row.sim.remaining - taken.amount);
  const left = { ...posted, sim: { ...posted.sim, remaining } };
  return mode === 'shrinks' ? withAmount(left, remaining) : left;
}

export const addRefund = (row: AuthorizationRow, transaction: string): AuthorizationRow => ({
  ...row,
  transactions: [...row.transactions, transaction],
});

/** Takes back a part of what is left, or all of it. The amount must not exceed `sim.remaining`. */
export function reverse(row: AuthorizationRow, amount: number): AuthorizationRow {
  const remaining = row.sim.remaining - amount;
  const reversed = withAmount(
    { ...row, sim: { ...row.sim, remaining } },
    Math.max(0, row.amount - amount),
  );
  if (remaining > 0) return reversed;
  return { ...reversed, status: row.sim.captured > 0 ? 'closed' : 'reversed' };
}

/** The hold is released; `amount` shows what could still be captured. */
export const expire = (row: AuthorizationRow): AuthorizationRow => ({
  ...withAmount(row, row.sim.remaining),
  status: 'expired',
});

/** The true amount after an estimate, e.g. at a fuel pump. It replaces what is left. */
export function finalizeAmount(
  row: AuthorizationRow,
  finalAmount: number,
  mode: CapturedAmountMode,
): AuthorizationRow {
  const shown = mode === 'stays' ? finalAmount + row.sim.captured : finalAmount;
  return withAmount({ ...row, sim: { ...row.sim, remaining: finalAmount } }, shown);
}

/** What the authorization counts for against spending limits. */
export const limitContribution = (row: AuthorizationRow): number =>
  row.sim.captured + (isOpen(row) ? row.sim.remaining : 0);
