/**
 * Why a decision was as it was, as one sentence for operators, made of the facts that were stored with it. Facts that
 * are not there leave the sentence shorter; the reason alone always gives one.
 */
import type { ControlOwner } from './card-profile.ts';
import type { LimitInterval } from './controls.ts';
import type { DecisionReason } from './decision-reasons.ts';
import type { BrokenLimit, Explanation, Finding } from './finding.ts';
import { formatMoney, type MinorUnits, parseCurrency, ZERO } from './money.ts';

export interface ExplainedDecision {
  readonly reason: string;
  readonly approved: boolean;
  /** Both null where the request was unreadable. */
  readonly currency: string | null;
  readonly askedMinor: MinorUnits | null;
  readonly approvedMinor: MinorUnits;
  /** The amount with its surplus; 0 for a decline. */
  readonly heldMinor: MinorUnits;
  /** Null where no account was locked for it. */
  readonly availableBeforeMinor: MinorUnits | null;
  readonly explanation: Explanation;
  /** What left as the answer; null when that is not recorded, or not asked for. */
  readonly answer: { readonly approved: boolean; readonly reason: string } | null;
}

export function explain(decision: ExplainedDecision): string {
  const { reason } = decision;
  const why = Object.hasOwn(SENTENCES, reason)
    ? SENTENCES[reason as DecisionReason](decision)
    : `The reason ${reason} is of another version of this program.`;
  return [why, otherAnswer(decision)].filter((text) => text !== '').join(' ');
}

/** Our answer can leave before Postgres has committed: then Stripe was told something else than what is recorded. */
function otherAnswer({ approved, heldMinor, reason, answer }: ExplainedDecision): string {
  if (answer === null || (answer.approved === approved && answer.reason === reason)) return '';
  const told = `Answered ${answer.reason} before this was recorded`;
  if (!approved || answer.approved) return `${told}.`;
  return heldMinor > 0
    ? `${told}: the purchase was declined, and the hold is released when Stripe shows the decline.`
    : `${told}: the request was declined.`;
}

type Sentence = (decision: ExplainedDecision) => string;
const always =
  (text: string): Sentence =>
  () =>
    text;

const SENTENCES: Readonly<Record<DecisionReason, Sentence>> = {
  APPROVED: (d) => `${asked(d)} asked and approved${held(d)}${available(d)}.`,
  APPROVED_PARTLY: (d) =>
    `${money(d.approvedMinor, d)} of the ${money(d.askedMinor, d)} asked were approved${held(d)}${available(d)}.`,
  ACCOUNT_CHECK: always(
    'The merchant has checked the card; nothing was asked, and nothing is held.',
  ),
  REQUEST_UNREADABLE: (d) => {
    const found = finding(d, 'unreadable');
    return `The request could not be read${found === null ? '' : `: ${found.problem}`}.`;
  },
  UNKNOWN_CARD: (d) => {
    const found = finding(d, 'card');
    return `No card of this tenant has the Stripe card${found === null ? '' : ` ${found.stripeCardId}`}.`;
  },
  WRONG_CURRENCY: (d) => {
    const found = finding(d, 'currency');
    if (found === null) return 'The request is in another currency than the account.';
    return `The request is in ${found.asked.toUpperCase()}, the account in ${found.account.toUpperCase()}.`;
  },
  CARD_CANCELED: always('The cancellation of the card had been requested.'),
  CARD_NOT_ACTIVE: (d) => {
    const found = finding(d, 'phase');
    if (found?.isCurrentStripeCard === false) {
      return 'The purchase was made with an earlier Stripe card of this card.';
    }
    return `The card was not active${found === null ? '' : `: it was in the phase ${found.phase}`}.`;
  },
  CARD_FROZEN: always('The card was frozen.'),
  ACCOUNT_CLOSED: always('The account was closed.'),
  ACCOUNT_FROZEN: always('The account was frozen.'),
  CARDHOLDER_BLOCKED: always('The cardholder was blocked.'),
  CATEGORY_NOT_ALLOWED: list('merchant category'),
  COUNTRY_NOT_ALLOWED: list('merchant country'),
  PRESENCE_NOT_ALLOWED: list('card presence'),
  MERCHANT_NOT_ALLOWED: list('merchant'),
  CVC_NOT_VERIFIED: verification,
  EXPIRY_NOT_VERIFIED: verification,
  ADDRESS_NOT_VERIFIED: verification,
  CARDHOLDER_NOT_AUTHENTICATED: verification,
  PER_AUTHORIZATION_LIMIT_EXCEEDED: limit,
  DAILY_LIMIT_EXCEEDED: limit,
  WEEKLY_LIMIT_EXCEEDED: limit,
  MONTHLY_LIMIT_EXCEEDED: limit,
  YEARLY_LIMIT_EXCEEDED: limit,
  ALL_TIME_LIMIT_EXCEEDED: limit,
  INSUFFICIENT_FUNDS: (d) => `${asked(d)} asked${needed(d)}${available(d)}.`,
  NO_ANSWER_IN_TIME: always('The database had not answered when the answer had to leave.'),
  OVERLOADED: always('More requests were waiting than can be answered in time.'),
  DATABASE_UNAVAILABLE: always('The database could not be reached.'),
  UNKNOWN_TENANT: always('No tenant has the Stripe account that asked.'),
  INTERNAL_ERROR: always('Deciding failed; the logs tell why.'),
};

/** What the rules found, where it is of the kind. */
function finding<K extends Finding['kind']>(
  { explanation }: ExplainedDecision,
  kind: K,
): Extract<Finding, { kind: K }> | null {
  const found = explanation.finding;
  return found?.kind === kind ? (found as Extract<Finding, { kind: K }>) : null;
}

function money(value: MinorUnits | null, { currency }: ExplainedDecision): string {
  if (value === null || currency === null) return 'an unknown amount';
  const known = parseCurrency(currency);
  return known === undefined
    ? `${value} minor units of ${currency.toUpperCase()}`
    : formatMoney(value, known);
}

const asked = (d: ExplainedDecision): string => `${money(d.askedMinor, d)} were`;

const held = (d: ExplainedDecision): string =>
  d.heldMinor > d.approvedMinor ? `, ${money(d.heldMinor, d)} held` : '';

/** What would have been set aside, where that is more than what was asked. */
function needed(d: ExplainedDecision): string {
  const neededMinor = d.explanation.funds?.neededMinor ?? ZERO;
  return neededMinor > (d.askedMinor ?? ZERO)
    ? `, for which ${money(neededMinor, d)} would be held`
    : '';
}

function available(d: ExplainedDecision): string {
  if (d.availableBeforeMinor === null) return '';
  const credit = d.explanation.funds?.creditLimitMinor ?? ZERO;
  const beyond = credit > 0 ? `, with a credit limit of ${money(credit, d)}` : '';
  return `; ${money(d.availableBeforeMinor, d)} were available${beyond}`;
}

const WHOSE: Readonly<Record<ControlOwner, string>> = {
  card: "The card's",
  account: "The account's",
  tenant: "The tenant's",
};

function list(what: string): Sentence {
  return (d) => {
    const found = finding(d, 'list');
    if (found === null) return `The controls do not allow this ${what}.`;
    const { by, value } = found;
    if (value === null) {
      return `${WHOSE[by]} controls allow certain values of the ${what} only, and the request tells none.`;
    }
    const verb = found.list === 'blocked' ? 'block' : 'do not allow';
    return `${WHOSE[by]} controls ${verb} the ${what} ${value}.`;
  };
}

const CHECKS: Readonly<Record<Extract<Finding, { kind: 'verification' }>['check'], string>> = {
  cvc: 'The CVC',
  expiry: 'The expiry date',
  postal_code: 'The postal code',
  address_line1: 'The first line of the address',
  three_d_secure: '3D Secure',
};
const OUTCOMES: Readonly<Record<string, string>> = {
  mismatch: 'did not match',
  not_provided: 'was not provided',
};

function verification(d: ExplainedDecision): string {
  const found = finding(d, 'verification');
  if (found === null) return 'The verification policy declines this.';
  const { check, outcome, presence } = found;
  const what = OUTCOMES[outcome] ?? `ended with ${outcome}`;
  const where = presence === 'present' ? 'present' : 'not present';
  return `${CHECKS[check]} ${what}, which the verification policy declines when the card is ${where}.`;
}

const LIMITS: Readonly<Record<LimitInterval, string>> = {
  per_authorization: 'limit per authorization',
  daily: 'daily limit',
  weekly: 'weekly limit',
  monthly: 'monthly limit',
  yearly: 'yearly limit',
  all_time: 'limit for all time',
};
/** Categories that are named in a sentence; of more it tells how many. */
const CATEGORIES_NAMED_MAX = 3;

function limit(d: ExplainedDecision): string {
  const broken = d.explanation.limit;
  if (broken === undefined) return 'A limit would have been exceeded.';
  const { by, interval, categories, amountMinor, count } = broken;
  const name = `${WHOSE[by]} ${LIMITS[interval]}${forCategories(categories)}`;
  if (amountMinor !== undefined && broken.spentMinor + (d.askedMinor ?? ZERO) > amountMinor) {
    return `${name} is ${money(amountMinor, d)}; ${spent(broken, d)}.`;
  }
  const times = count === 1 ? '1 purchase' : `${count ?? 0} purchases`;
  return `${name} is ${times}; ${broken.spentCount} counted already.`;
}

function spent({ interval, spentMinor }: BrokenLimit, d: ExplainedDecision): string {
  const now = `${money(d.askedMinor, d)} were asked`;
  if (interval !== 'per_authorization') return `${money(spentMinor, d)} were spent and ${now}`;
  return spentMinor > 0 ? `${money(spentMinor, d)} were approved before and ${now}` : now;
}

function forCategories(categories: readonly string[] | undefined): string {
  if (categories === undefined) return '';
  if (categories.length > CATEGORIES_NAMED_MAX) return ` for ${categories.length} categories`;
  return ` for ${categories.join(', ').replace(/, ([^,]*)$/, ' and $1')}`;
}
