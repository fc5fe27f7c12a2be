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
 * Captures are possible in every decided state and in any amount: the network does not ask. Only in `pending` and
 * `expired` they change what is left. Whether `amount` of a partly captured authorization shrinks or stays, and whether a closing capture
 * keeps it, is unknown of Stripe, hence `CapturedAmountMode` and `ClosedAmountMode`.
 */
import type { AmountDetails, Fleet, Fuel, MerchantData, VerificationData } from './purchase.ts';
import type { SpentOnDay } from './spending-counter.ts';

export const CAPTURED_AMOUNT_MODES = ['shrinks', 'stays'] as const;
export type CapturedAmountMode = (typeof CAPTURED_AMOUNT_MODES)[number];
export const CLOSED_AMOUNT_MODES = ['kept', 'zeroed'] as const;
export type ClosedAmountMode = (typeof CLOSED_AMOUNT_MODES)[number];
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
  | 'insecure_authorization_method'
  | 'insufficient_funds'
  | 'network_fallback'
  | 'not_allowed'
  | 'pin_blocked'
  | 'spending_controls'
  | 'stripe_internal_error'
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

export interface RequestEntry {
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

export interface FraudChallenge {
  readonly channel: 'sms';
  readonly status: 'expired' | 'pending' | 'rejected' | 'undeliverable' | 'verified';
  readonly undeliverable_reason: 'no_phone_number' | 'unsupported_phone_number' | null;
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
  /** Absent in accounts without fraud challenges, null where none was sent. */
  readonly fraud_challenges?: readonly FraudChallenge[] | null;
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
    /** What it counts for against spending limits, by day. */
    readonly spent: readonly SpentOnDay[];
    /** Whether an event has told of it. */
    readonly announced: boolean;
    /** When a pending fraud challenge expires, in Unix seconds. */
    readonly challengeUntil?: number;
    /** The card that paid, once the authorization has moved to its replacement. */
    readonly paidWith?: string;
  };
}

export interface Decision {
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly message: string | null;
  /** Set when less (at a fuel pump: more) was approved than asked for. */
  readonly amount?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether the cardholder is asked if the declined purchase is theirs. */
  readonly challenge?: boolean;
}

export interface DecisionFacts {
  readonly now: number;
  readonly requestedAt: number;
  readonly authorizationCode: string;
}

const inMerchantCurrency = (row: AuthorizationRow, amount: number): number =>
  Math.round(amount * row.sim.merchantRate);

export const withAmount = (row: AuthorizationRow, amount: number): AuthorizationRow => ({
  ...row,
  amount,
  merchant_amount: inMerchantCurrency(row, amount),
});

/** An authorization that fell to 0 may be held again while it is valid; closed and expired ones are over. */
export const canIncrement = (row: AuthorizationRow, now: number): boolean =>
  isOpen(row) || (row.status === 'reversed' && now < row.sim.expiresAt);

/** Whether the first request is still to be answered. */
export const isUndecided = (row: AuthorizationRow): boolean => row.request_history.length === 0;

export const isOpen = (row: AuthorizationRow): boolean => row.status === 'pending' && row.approved;

/** What is captured when the merchant names no amount; 0 when nothing is left. */
export function defaultCapture(row: AuthorizationRow): number {
  if (isOpen(row) || row.status === 'expired') return row.sim.remaining;
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
  shown: { readonly partly: CapturedAmountMode; readonly closed: ClosedAmountMode },
): AuthorizationRow {
  const captured = row.sim.captured + taken.amount;
  const posted = {
    ...row,
    transactions: [...row.transactions, taken.transaction],
    sim: { ...row.sim, captured },
  };
  const remaining = Math.max(0, row.sim.remaining - taken.amount);
  const left = { ...posted, sim: { ...posted.sim, remaining } };
  // The amount of an expired one shows what the merchant can still capture.
  if (row.status === 'expired') return withAmount(left, remaining);
  if (!isOpen(row)) return posted;
  if (taken.close) {
    const closed = shown.closed === 'zeroed' ? withAmount(posted, 0) : posted;
    return { ...closed, status: 'closed', sim: { ...posted.sim, remaining: 0 } };
  }
  return shown.partly === 'shrinks' ? withAmount(left, remaining) : left;
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

/** The next version of an authorization whose hold goes over to the card that replaces the one that paid. */
export const moveToCard = (row: AuthorizationRow, card: string): AuthorizationRow => ({
  ...row,
  card,
  sim: { ...row.sim, paidWith: row.sim.paidWith ?? row.card },
});

/** What the authorization counts for against spending limits. */
export const limitContribution = (row: AuthorizationRow): number =>
  row.sim.captured + (isOpen(row) ? row.sim.remaining : 0);
