/**
 * The rules of a decision: a pure function of the request and the card's profile. The checks run in a fixed
 * order, each with its own reason; the first that fails is the answer. What depends on money or on other
 * purchases (limits, funds, versions) is checked in SQL under the account's lock; `evaluate` says what to check.
 */
import type { Merchant } from './authorization-state.ts';
import type { CardPhase } from './card-phase.ts';
import {
  type CardPresence,
  type Controls,
  DEFAULT_VERIFICATION,
  type VelocityLimit,
  type VerificationPolicy,
} from './controls.ts';

import type {
  AccountId,
  AuthorizationId,
  CardholderId,
  CardId,
  StripeCardId,
  TenantId,
} from './ids.ts';
import { FUEL_SURPLUS_VALID_S } from './limits.ts';
import type { Currency, MinorUnits } from './money.ts';
import type { SurplusRule } from './surplus.ts';

export const DECLINE_REASONS = [
  'UNKNOWN_CARD',
  'WRONG_CURRENCY',
  'CARD_NOT_ACTIVE',
  'CARD_FROZEN',
  'CARD_CANCELED',
  'ACCOUNT_CLOSED',
  'ACCOUNT_FROZEN',
  'CARDHOLDER_BLOCKED',
  'CATEGORY_NOT_ALLOWED',
  'COUNTRY_NOT_ALLOWED',
  'PRESENCE_NOT_ALLOWED',
  'VERIFICATION_FAILED',
  'LIMIT_EXCEEDED',
  'INSUFFICIENT_FUNDS',
] as const;
/** Answers that Postgres had no part in, or could not give in time. */
export const FALLBACK_REASONS = ['NO_ANSWER_IN_TIME', 'OVERLOADED', 'INTERNAL_ERROR'] as const;
export const APPROVE_REASONS = ['APPROVED', 'APPROVED_PARTLY', 'ACCOUNT_CHECK'] as const;

export type DeclineReason = (typeof DECLINE_REASONS)[number];
export type FallbackReason = (typeof FALLBACK_REASONS)[number];
export type ApproveReason = (typeof APPROVE_REASONS)[number];
export type DecisionReason = DeclineReason | FallbackReason | ApproveReason;

export type Check = 'match' | 'mismatch' | 'not_provided';

export interface AuthorizationRequest {
  /** Id of the request event; the same id gets the same answer. */
  readonly requestId: string;
  readonly authorizationId: AuthorizationId;
  readonly stripeAccount: string | null;
  readonly stripeCardId: StripeCardId;
  readonly currency: Currency;
  /** What would be held in addition; for an increment, the addition only. */
  readonly askedMinor: MinorUnits;
  readonly merchantCurrency: string;
  readonly merchant: Merchant;
  readonly cardPresence: CardPresence | null;
  readonly isAmountControllable: boolean;
  readonly cashbackMinor: MinorUnits;
  readonly cvcCheck: Check;
  readonly expiryCheck: Check;
  readonly postalCodeCheck: Check;
  readonly threeDSecure: string | null;
  /** Stripe's time of the request, in seconds. */
  readonly requestedS: number;
}

/** All that a decision needs to know of a card, read at once; the versions tell whether it is still true. */
export interface CardProfile {
  readonly tenantId: TenantId;
  readonly cardId: CardId;
  readonly accountId: AccountId;
  readonly cardholderId: CardholderId;
  readonly currency: Currency;
  readonly phase: CardPhase;
  /** False for a Stripe card of an earlier issuance attempt. */
  readonly isCurrentStripeCard: boolean;
  readonly isFrozen: boolean;
  readonly isCanceled: boolean;
  readonly accountStatus: 'open' | 'frozen' | 'closed';
  readonly isCardholderBlocked: boolean;
  readonly allowPartial: boolean;
  readonly fxMarginBp: number;
  readonly fuelHoldMinor: MinorUnits;
  readonly controls: {
    readonly card: Controls;
    readonly account: Controls;
    readonly tenant: Controls;
  };
  readonly versions: ProfileVersions;
}

export interface ProfileVersions {
  readonly card: number;
  readonly account: number;
  readonly cardholder: number;
  readonly tenant: number;
}

export type RuleResult =
  | { readonly kind: 'decline'; readonly reason: DeclineReason; readonly detail: string }
  | {
      readonly kind: 'ask_funds';
      readonly surplus: SurplusRule;
      /** Below the asked amount only where a partial approval is possible. */
      readonly minimumMinor: MinorUnits;
      readonly limits: readonly (VelocityLimit & { readonly scope: 'card' | 'account' })[];
    };

/** Phases in which a card may be spent from. Stripe asks for active cards only; ours may learn of it a moment later. */
const SPENDABLE: ReadonlySet<CardPhase> = new Set(['activation', 'active']);

const decline = (reason: DeclineReason, detail = ''): RuleResult => ({
  kind: 'decline',
  reason,
  detail,
});

/** The outcome of the rules. Total; a missing profile is an unknown card. */
export function evaluate(request: AuthorizationRequest, profile: CardProfile | null): RuleResult {
  if (profile === null) return decline('UNKNOWN_CARD', request.stripeCardId);
  return (
    checkStanding(request, profile) ??
    checkControls(request, profile) ??
    checkVerification(request, profile) ?? {
      kind: 'ask_funds',
      surplus: surplusRule(request, profile),
      minimumMinor: minimumOf(request, profile),
      limits: [
        ...(profile.controls.card.limits ?? []).map((limit) => ({
          ...limit,
          scope: 'card' as const,
        })),
        ...(profile.controls.tenant.limits ?? []).map((limit) => ({
          ...limit,
          scope: 'card' as const,
        })),
        ...(profile.controls.account.limits ?? []).map((limit) => ({
          ...limit,
          scope: 'account' as const,
        })),
      ],
    }
  );
}

function checkStanding(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  if (request.currency !== profile.currency) {
    return decline('WRONG_CURRENCY', `asked ${request.currency}, account is ${profile.currency}`);
  }
  if (profile.isCanceled) return decline('CARD_CANCELED');
  if (!SPENDABLE.has(profile.phase) || !profile.isCurrentStripeCard) {
    return decline('CARD_NOT_ACTIVE', `phase ${profile.phase}`);
  }
  if (profile.isFrozen) return decline('CARD_FROZEN');
  if (profile.accountStatus === 'closed') return decline('ACCOUNT_CLOSED');
  if (profile.accountStatus === 'frozen') return decline('ACCOUNT_FROZEN');
  if (profile.isCardholderBlocked) return decline('CARDHOLDER_BLOCKED');
  return null;
}

function checkControls(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  const { merchant, cardPresence } = request;
  for (const [owner, controls] of Object.entries(profile.controls)) {
    const { category, country } = merchant;
    if (isOutside(category, controls.allowedCategories, controls.blockedCategories)) {
      return decline('CATEGORY_NOT_ALLOWED', `${category}, by the controls of the ${owner}`);
    }
    if (isOutside(country, controls.allowedCountries, controls.blockedCountries)) {
      return decline(
        'COUNTRY_NOT_ALLOWED',
        `${country ?? 'none'}, by the controls of the ${owner}`,
      );
    }
    if (cardPresence !== null && controls.blockedPresences?.includes(cardPresence)) {
      return decline('PRESENCE_NOT_ALLOWED', `${cardPresence}, by the controls of the ${owner}`);
    }
  }
  return null;
}

/** An unknown value passes a block list and fails an allow list. */
function isOutside(
  value: string | null,
  allowed: readonly string[] | undefined,
  blocked: readonly string[] | undefined,
): boolean {
  if (allowed !== undefined && (value === null || !allowed.includes(value))) return true;
  return blocked !== undefined && value !== null && blocked.includes(value);
}

function checkVerification(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  const { tenant, account, card } = profile.controls;
  const policy: VerificationPolicy = {
    ...DEFAULT_VERIFICATION,
    ...tenant.verification,
    ...account.verification,
    ...card.verification,
  };
  const failed: readonly [string, boolean][] = [
    ['cvc', policy.cvcMismatch === 'decline' && request.cvcCheck === 'mismatch'],
    ['expiry', policy.expiryMismatch === 'decline' && request.expiryCheck === 'mismatch'],
    [
      'postal_code',
      policy.postalCodeMismatch === 'decline' && request.postalCodeCheck === 'mismatch',
    ],
    [
      'three_d_secure',
      policy.threeDSecureFailed === 'decline' && request.threeDSecure === 'failed',
    ],
  ];
  const first = failed.find(([, isFailed]) => isFailed);
  return first === undefined ? null : decline('VERIFICATION_FAILED', first[0]);
}

/** Merchant category code of automated fuel dispensers, which ask for 1.00 before the pump runs. */
const FUEL_DISPENSER_MCC = '5542';

function surplusRule(request: AuthorizationRequest, profile: CardProfile): SurplusRule {
  if (request.askedMinor === 0) return { kind: 'none' };
  const isStatusCheck = request.askedMinor < profile.fuelHoldMinor;
  if (request.merchant.categoryCode === FUEL_DISPENSER_MCC && isStatusCheck) {
    const validUntilS = request.requestedS + FUEL_SURPLUS_VALID_S;
    return { kind: 'fuel', holdMinor: profile.fuelHoldMinor, validUntilS };
  }
  if (request.merchantCurrency !== request.currency && profile.fxMarginBp > 0) {
    return { kind: 'margin', basisPoints: profile.fxMarginBp };
  }
  return { kind: 'none' };
}

/** The least that may be approved: all of it, unless Stripe lets us lower it and the account allows that. */
function minimumOf(request: AuthorizationRequest, profile: CardProfile): MinorUnits {
  const isPartialPossible = request.isAmountControllable && profile.allowPartial;
  if (!isPartialPossible || request.askedMinor === 0) return request.askedMinor;
  return (request.cashbackMinor > 0 ? request.cashbackMinor : 1) as MinorUnits;
}
