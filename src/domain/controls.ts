/**
 * Spending controls of a card, an account and a tenant. All that are set apply, and each can only decline, so the
 * strictest wins. Only the verification policy is overridden: the card's goes before the account's and the tenant's.
 */
import type { Currency, MinorUnits } from './money.ts';

export const CARD_PRESENCES = ['present', 'not_present'] as const;
export type CardPresence = (typeof CARD_PRESENCES)[number];

export const LIMIT_INTERVALS = [
  'per_authorization',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'all_time',
] as const;
export type LimitInterval = (typeof LIMIT_INTERVALS)[number];

/** At most so much, so often, or both, in each window; windows begin at midnight UTC, weeks on Monday. */
export interface VelocityLimit {
  readonly interval: LimitInterval;
  readonly amountMinor?: MinorUnits;
  /** How many authorizations may hold or have taken money; not for `per_authorization`. */
  readonly count?: number;
  /** Merchant categories it counts; all when absent. */
  readonly categories?: readonly string[];
  /** Of a tenant's limit with an amount: the cards it is meant for. Others are in their account's currency. */
  readonly currency?: Currency;
}

export interface Controls {
  readonly allowedCategories?: readonly string[];
  readonly blockedCategories?: readonly string[];
  /** Two upper-case letters, as Stripe writes a merchant's country. */
  readonly allowedCountries?: readonly string[];
  readonly blockedCountries?: readonly string[];
  readonly allowedPresences?: readonly CardPresence[];
  readonly blockedPresences?: readonly CardPresence[];
  /** Ids that the card network gave to merchants (`merchant_data.network_id`). */
  readonly allowedMerchants?: readonly string[];
  readonly blockedMerchants?: readonly string[];
  readonly limits?: readonly VelocityLimit[];
  /** By card presence; what is not said is as in DEFAULT_VERIFICATION. */
  readonly verification?: VerificationPolicy;
}

export type VerificationPolicy = Readonly<
  Partial<Record<CardPresence, Readonly<Partial<VerificationRules>>>>
>;

/** `ignore` any outcome, decline on a mismatch, or decline everything but a match. */
export const CHECK_RULES = ['ignore', 'no_mismatch', 'match'] as const;
export type CheckRule = (typeof CHECK_RULES)[number];

/** What Stripe tells of 3D Secure; `exempted` when an exemption was claimed, `none` when nothing was tried. */
export const THREE_D_SECURE_OUTCOMES = [
  'authenticated',
  'attempt_acknowledged',
  'exempted',
  'none',
  'failed',
  'required',
] as const;
export type ThreeDSecureOutcome = (typeof THREE_D_SECURE_OUTCOMES)[number];

export interface VerificationRules {
  readonly cvc: CheckRule;
  readonly expiry: CheckRule;
  readonly postalCode: CheckRule;
  readonly addressLine1: CheckRule;
  /** Outcomes that are declined. */
  readonly declinedThreeDSecure: readonly ThreeDSecureOutcome[];
}

/** A wrong CVC or expiry means the card is not at hand; addresses are mistyped daily. */
export const DEFAULT_VERIFICATION: VerificationRules = {
  cvc: 'no_mismatch',
  expiry: 'no_mismatch',
  postalCode: 'ignore',
  addressLine1: 'ignore',
  declinedThreeDSecure: ['failed', 'required'],
};
