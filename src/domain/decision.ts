/**
 * The rules of a decision: a pure function of the request and the card's profile. The checks run in a fixed
 * order, each with its own reason; the first that fails is the answer. What depends on money or on other
 * purchases (limits, funds, versions) is checked in SQL under the account's lock; `evaluate` says what to check.
 */
import type { AskedRequest, AuthorizationRequest } from './authorization-request.ts';
import type { CardPhase } from './card-phase.ts';
import type { CardProfile, ControlOwner } from './card-profile.ts';
import { LIMIT_INTERVALS, type VelocityLimit } from './controls.ts';
import type { DeclineReason } from './decision-reasons.ts';
import type { Finding } from './finding.ts';
import { FUEL_SURPLUS_VALID_S } from './limits.ts';
import { add, larger, type MinorUnits, minorUnits, smaller } from './money.ts';
import type { SurplusRule } from './surplus.ts';
import { failedVerification } from './verification.ts';

export type RuleResult =
  | {
      readonly kind: 'decline';
      readonly reason: DeclineReason;
      /** Null where the reason says it all. */
      readonly finding: Finding | null;
    }
  | {
      readonly kind: 'ask_funds';
      readonly surplus: SurplusRule;
      /** Below the asked amount only where a partial approval is possible. */
      readonly minimumMinor: MinorUnits;
      readonly limits: readonly AppliedLimit[];
    };

/**
 * A limit that this purchase counts towards, and whose controls set it. That of an account counts all its purchases
 * together, the others those of the card.
 */
export interface AppliedLimit extends Omit<VelocityLimit, 'currency'> {
  readonly by: ControlOwner;
}

/** Phases in which a card may be spent from. Stripe asks for active cards only; ours may learn of it a moment later. */
const SPENDABLE: ReadonlySet<CardPhase> = new Set(['activation', 'active']);
const OWNERS: readonly ControlOwner[] = ['card', 'account', 'tenant'];
const ONE_UNIT = minorUnits(1);

const decline = (reason: DeclineReason, finding: Finding | null = null): RuleResult => ({
  kind: 'decline',
  reason,
  finding,
});

/** The outcome of the rules. Total; a missing profile is an unknown card. */
export function evaluate(request: AskedRequest, profile: CardProfile | null): RuleResult {
  if (request.kind === 'unreadable') {
    return decline('REQUEST_UNREADABLE', { kind: 'unreadable', problem: request.problem });
  }
  if (profile === null) {
    return decline('UNKNOWN_CARD', { kind: 'card', stripeCardId: request.stripeCardId });
  }
  const failed =
    checkStanding(request, profile) ?? checkControls(request, profile) ?? verify(request, profile);
  if (failed !== null) return failed;
  return {
    kind: 'ask_funds',
    surplus: surplusRule(request, profile),
    minimumMinor: minimumOf(request, profile),
    limits: limitsOf(request, profile),
  };
}

function checkStanding(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  if (request.currency !== profile.currency) {
    const { currency } = profile;
    return decline('WRONG_CURRENCY', {
      kind: 'currency',
      asked: request.currency,
      account: currency,
    });
  }
  if (profile.isCanceled) return decline('CARD_CANCELED');
  const { phase, isCurrentStripeCard } = profile;
  if (!SPENDABLE.has(phase) || !isCurrentStripeCard) {
    return decline('CARD_NOT_ACTIVE', { kind: 'phase', phase, isCurrentStripeCard });
  }
  if (profile.isFrozen) return decline('CARD_FROZEN');
  if (profile.accountStatus === 'closed') return decline('ACCOUNT_CLOSED');
  if (profile.accountStatus === 'frozen') return decline('ACCOUNT_FROZEN');
  if (profile.isCardholderBlocked) return decline('CARDHOLDER_BLOCKED');
  return null;
}

function checkControls(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  const { category, country, networkId } = request.merchant;
  const lists = [
    ['CATEGORY_NOT_ALLOWED', category, 'allowedCategories', 'blockedCategories'],
    ['COUNTRY_NOT_ALLOWED', country, 'allowedCountries', 'blockedCountries'],
    ['PRESENCE_NOT_ALLOWED', request.cardPresence, 'allowedPresences', 'blockedPresences'],
    ['MERCHANT_NOT_ALLOWED', networkId, 'allowedMerchants', 'blockedMerchants'],
  ] as const;
  for (const [reason, value, allowed, blocked] of lists) {
    for (const by of OWNERS) {
      const controls = profile.controls[by];
      const list = outside(value, controls[allowed], controls[blocked]);
      if (list !== null) return decline(reason, { kind: 'list', by, list, value });
    }
  }
  return null;
}

/** The list that a value is on the wrong side of. An unknown value passes a block list and fails an allow list. */
function outside(
  value: string | null,
  allowed: readonly string[] | undefined,
  blocked: readonly string[] | undefined,
): 'allowed' | 'blocked' | null {
  if (allowed !== undefined && (value === null || !allowed.includes(value))) return 'allowed';
  return blocked !== undefined && value !== null && blocked.includes(value) ? 'blocked' : null;
}

function verify(request: AuthorizationRequest, profile: CardProfile): RuleResult | null {
  const failed = failedVerification(request, profile);
  return failed === null ? null : decline(failed.reason, failed.finding);
}

/** In the order of the reasons. A check of the account spends nothing, so no limit applies to it. */
function limitsOf(
  { askedMinor, currency, merchant: { category } }: AuthorizationRequest,
  { controls }: CardProfile,
): readonly AppliedLimit[] {
  if (askedMinor === 0) return [];
  return orderedLimits(controls)
    .filter(({ limit }) => limit.categories?.includes(category) ?? true)
    .filter((limit) => limit.currency === undefined || limit.currency === currency)
    .map(({ limit }) => limit);
}

interface OrderedLimit {
  readonly limit: AppliedLimit;
  readonly currency: VelocityLimit['currency'];
}

/** A profile decides again and again, and the order of its limits is always the same. */
const ordered = new WeakMap<CardProfile['controls'], readonly OrderedLimit[]>();

function orderedLimits(controls: CardProfile['controls']): readonly OrderedLimit[] {
  const known = ordered.get(controls);
  if (known !== undefined) return known;
  const limits = OWNERS.flatMap((by) =>
    (controls[by].limits ?? []).map(({ currency, ...limit }) => ({
      limit: { ...limit, by },
      currency,
    })),
  ).toSorted((a, b) => rankOf(a.limit) - rankOf(b.limit));
  ordered.set(controls, limits);
  return limits;
}

const rankOf = ({ interval }: AppliedLimit): number => LIMIT_INTERVALS.indexOf(interval);

/** Automated fuel dispensers, which ask for 1.00 before the pump runs: their code, and Stripe's name for it. */
const FUEL_DISPENSER_MCC = '5542';
const FUEL_DISPENSERS = 'automated_fuel_dispensers';
/** 1.00 in currencies of two digits. What is above it is an amount that the pump or its owner means. */
const STATUS_CHECK_MAX_MINOR = minorUnits(100);

function surplusRule(request: AuthorizationRequest, profile: CardProfile): SurplusRule {
  if (request.askedMinor === 0) return { kind: 'none' };
  const { category, categoryCode } = request.merchant;
  const isPump = categoryCode === FUEL_DISPENSER_MCC || category === FUEL_DISPENSERS;
  if (isPump && request.askedMinor <= STATUS_CHECK_MAX_MINOR) {
    const validUntilS = request.requestedS + FUEL_SURPLUS_VALID_S;
    return { kind: 'fuel', holdMinor: profile.fuelHoldMinor, validUntilS };
  }
  if (request.merchantCurrency !== request.currency && profile.fxMarginBp > 0) {
    return { kind: 'margin', basisPoints: profile.fxMarginBp };
  }
  return { kind: 'none' };
}

/**
 * The least that may be approved: all of it, unless Stripe lets us lower it and the account allows that. The cash that
 * a till or a machine hands out cannot be lowered, so neither the cashback nor a fee without any cash is enough.
 */
function minimumOf(request: AuthorizationRequest, profile: CardProfile): MinorUnits {
  const { askedMinor, cashbackMinor, atmFeeMinor } = request;
  const isPartialPossible = request.isAmountControllable && profile.allowPartial;
  if (!isPartialPossible) return askedMinor;
  return smaller(askedMinor, larger(cashbackMinor, add(atmFeeMinor, ONE_UNIT)));
}
