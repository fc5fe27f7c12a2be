/**
 * The checks that Stripe makes before it asks anybody, in the order of their reasons. Pure: the caller brings the
 * card, its cardholder, and what has been spent.
 */
import {
  type AuthorizationRow,
  type DecisionReason,
  isUndecided,
  limitContribution,
} from './authorization.ts';
import { type CardRow, isExpired, isPinBlocked } from './card.ts';
import type { CardholderRow } from './cardholder.ts';
import { convert } from './exchange.ts';
import {
  AUTHORIZATION_LIMIT_USD_CENTS,
  DEFAULT_DAILY_LIMIT_USD_CENTS,
  exceededLimit,
  type Purchase,
  refusingControl,
  type SpendingControls,
  type SpendingLimit,
  type SpentSince,
} from './spending-controls.ts';
import type { TokenStatus } from './token.ts';

export const CVC_MISMATCH_POLICIES = ['ask', 'decline'] as const;
export type CvcMismatchPolicy = (typeof CVC_MISMATCH_POLICIES)[number];

export const INSECURE_METHOD_POLICIES = ['ask', 'decline'] as const;
export type InsecureMethodPolicy = (typeof INSECURE_METHOD_POLICIES)[number];

export interface ScreeningInput {
  readonly card: CardRow;
  readonly cardholder: CardholderRow;
  readonly authorization: AuthorizationRow;
  /** What is asked for now, in minor units of the card's currency. */
  readonly amount: number;
  readonly now: number;
  readonly accountDisabled: boolean;
  /** Payments with the card that are being decided at this moment. */
  readonly paymentsAsked: number;
  /** The Issuing balance; null where none is kept. */
  readonly available: number | null;
  readonly fraudRiskLevel: string | null;
  /** Of the wallet's token that is paid with; undefined when there is none. */
  readonly tokenStatus: TokenStatus | undefined;
  readonly cvcMismatch: CvcMismatchPolicy;
  readonly insecureMethods: InsecureMethodPolicy;
  readonly spentOnCard: SpentSince;
  readonly spentByCardholder: SpentSince;
}

export interface Refusal {
  readonly reason: DecisionReason;
  readonly message: string | null;
}

const refusal = (reason: DecisionReason, message: string | null = null): Refusal => ({
  reason,
  message,
});

/** The reason to decline without asking, or undefined. */
export function screen(input: ScreeningInput): Refusal | undefined {
  return (
    screenBalance(input) ??
    screenParties(input) ??
    screenLifecycle(input) ??
    screenToken(input) ??
    screenMethod(input) ??
    screenSpending(input) ??
    screenVerification(input)
  );
}

function screenBalance({ amount, available }: ScreeningInput): Refusal | undefined {
  const covered = available === null || amount === 0 || amount <= available;
  return covered ? undefined : refusal('insufficient_funds');
}

function screenParties({
  card,
  cardholder,
  now,
  accountDisabled,
}: ScreeningInput): Refusal | undefined {
  if (accountDisabled) return refusal('account_disabled');
  const { declineNext } = card.sim;
  if (declineNext !== undefined && declineNext !== null) return refusal(declineNext);
  if (card.status === 'canceled') return refusal('card_canceled');
  if (card.status === 'inactive') return refusal('card_inactive');
  if (isExpired(card, now)) return refusal('card_expired');
  if (cardholder.requirements.disabled_reason !== null)
    return refusal('cardholder_verification_required');
  if (cardholder.status === 'blocked') return refusal('cardholder_blocked');
  if (cardholder.status === 'inactive') return refusal('cardholder_inactive');
  return undefined;
}

/** The last payment allowed cancels the card once it is approved; until then a second one must not slip through. */
function screenLifecycle(input: ScreeningInput): Refusal | undefined {
  const { card, authorization, amount, paymentsAsked } = input;
  const isPayment = isUndecided(authorization) && amount > 0;
  if (!isPayment || paymentsAsked === 0 || card.lifecycle_controls === null) return undefined;
  const allowed = card.lifecycle_controls.cancel_after.payment_count;
  return card.sim.payments + paymentsAsked < allowed
    ? undefined
    : refusal('not_allowed', 'The last payment that the card is good for is being decided.');
}

/** No reason of Stripe's names tokens; the network does not let a dead one through at all. */
const screenToken = ({ tokenStatus }: ScreeningInput): Refusal | undefined =>
  tokenStatus === undefined || tokenStatus === 'active'
    ? undefined
    : refusal('not_allowed', `The wallet's token is ${tokenStatus}.`);
/** A blocked PIN stops what is paid at a terminal; purchases online never ask for it. */
function screenMethod({
  card,
  authorization,
  insecureMethods,
}: ScreeningInput): Refusal | undefined {
  const { authorization_method: method, card_presence: presence } = authorization;
  if (presence === 'present' && isPinBlocked(card)) return refusal('pin_blocked');
  const insecure = method === 'swipe' || method === 'keyed_in';
  return insecure && insecureMethods === 'decline'
    ? refusal('insecure_authorization_method')
    : undefined;
}

function screenVerification(input: ScreeningInput): Refusal | undefined {
  const { three_d_secure: threeDSecure, cvc_check: cvcCheck } =
    input.authorization.verification_data;
  const result = threeDSecure?.result;
  if (result === 'failed' || result === 'required') {
    return refusal('verification_failed', `3D Secure: ${result}`);
  }
  if (cvcCheck === 'mismatch' && input.cvcMismatch === 'decline') {
    return refusal('verification_failed', 'The CVC did not match.');
  }
  const confirmed = input.authorization.verified_by_fraud_challenge === true;
  return input.fraudRiskLevel === 'highest' && !confirmed ? refusal('suspected_fraud') : undefined;
}

function screenSpending(input: ScreeningInput): Refusal | undefined {
  const { authorization, card, cardholder } = input;
  // Limits per authorization look at all of it, not at an addition alone.
  const whole = limitContribution(authorization) + input.amount;
  const purchase: Purchase = {
    amount: input.amount,
    whole,
    category: authorization.merchant_data.category,
    country: authorization.merchant_data.country,
    presence: authorization.card_presence,
  };
  const ceiling = convert(AUTHORIZATION_LIMIT_USD_CENTS, { from: 'usd', to: card.currency });
  if (whole > ceiling) {
    return refusal(
      'spending_controls',
      'The amount exceeds the limit of 10,000 USD per authorization.',
    );
  }
  const { now } = input;
  const limits = cardLimits(card);
  const onCard = { since: input.spentOnCard, now, currency: card.currency };
  const byCard = screenControls(card.spending_controls, limits, purchase, onCard);
  if (byCard !== undefined) return refusal('spending_controls', `The card's ${byCard}.`);
  const controls = cardholder.spending_controls;
  if (controls === null) return undefined;
  // Cards of one holder may be in several currencies, so everything is compared in that of the limits.
  const currency = controls.spending_limits_currency ?? card.currency;
  const inTheirs = (amount: number): number =>
    convert(amount, { from: card.currency, to: currency });
  const byHolder = screenControls(
    controls,
    controls.spending_limits ?? [],
    { ...purchase, amount: inTheirs(input.amount), whole: inTheirs(whole) },
    { since: input.spentByCardholder, now, currency },
  );
  return byHolder === undefined
    ? undefined
    : refusal('spending_controls', `The cardholder's ${byHolder}.`);
}

function cardLimits(card: CardRow): readonly SpendingLimit[] {
  const own = card.spending_controls.spending_limits ?? [];
  if (own.length > 0) return own;
  const amount = convert(DEFAULT_DAILY_LIMIT_USD_CENTS, { from: 'usd', to: card.currency });
  return [{ amount, categories: null, interval: 'daily' }];
}

/** What refuses, in words that follow "The card's", or undefined. */
function screenControls(
  controls: SpendingControls,
  limits: readonly SpendingLimit[],
  purchase: Purchase,
  spent: { since: SpentSince; now: number; currency: string },
): string | undefined {
  const control = refusingControl(controls, purchase);
  if (control !== undefined)
    return `${control.replaceAll('_', ' ')} control does not allow this purchase`;
  const limit = exceededLimit(limits, purchase, spent);
  return limit === undefined
    ? undefined
    : `spending limit of ${limit.amount} (${limit.interval}) would be exceeded`;
}
