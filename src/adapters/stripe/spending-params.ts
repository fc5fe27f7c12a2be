/**
 * What Stripe can hold of a card's spending controls. Counts, merchants and verification rules are ours alone, and so
 * are the controls of accounts and tenants, which bind many cards, and limits of a week, which begins on Sunday at
 * Stripe and on Monday here. So Stripe's copy declines nothing that ours would approve.
 */
import type { Stripe } from 'stripe';
import type { Controls, VelocityLimit } from '../../domain/controls.ts';
import { STRIPE_SPENDING_LIMIT_PER_AUTHORIZATION_MINOR } from '../../domain/limits.ts';

type SpendingControls = Stripe.Issuing.CardCreateParams.SpendingControls;
type SpendingLimit = Stripe.Issuing.CardCreateParams.SpendingControls.SpendingLimit;
type Category = Stripe.Issuing.CardCreateParams.SpendingControls.SpendingLimit.Category;

/** Stripe takes amounts of up to eight digits, in minor units of any currency. */
const STRIPE_AMOUNT_MINOR_MAX = 99_999_999;

/** Controls of a new card: lists that are not set are left out. */
export function spendingParams(controls: Controls): SpendingControls {
  const { spending_limits: limits, ...lists } = listsOf(controls);
  const set = Object.entries(lists).filter(([, list]) => list !== undefined);
  return { ...Object.fromEntries(set), spending_limits: limits };
}

/** Controls of a card that may have others: an empty text lifts a list that is not set any more. */
export function changedSpendingParams(controls: Controls): SpendingControls {
  const { spending_limits: limits, ...lists } = listsOf(controls);
  const all = Object.entries(lists).map(([name, list]) => [name, list ?? '']);
  return { ...(Object.fromEntries(all) as SpendingControls), spending_limits: limits };
}

const listsOf = (controls: Controls) => ({
  allowed_card_presences: copy(controls.allowedPresences),
  blocked_card_presences: copy(controls.blockedPresences),
  allowed_categories: copy(controls.allowedCategories),
  blocked_categories: copy(controls.blockedCategories),
  allowed_merchant_countries: copy(controls.allowedCountries),
  blocked_merchant_countries: copy(controls.blockedCountries),
  spending_limits: limitsOf(controls.limits ?? []),
});

const copy = <T>(list: readonly T[] | undefined): T[] | undefined =>
  list === undefined ? undefined : [...list];

/** An explicit limit takes the place of Stripe's 500 USD a day, above which it declines without asking us. */
function limitsOf(limits: readonly VelocityLimit[]): SpendingLimit[] {
  const held = limits.flatMap(limitOf);
  const isWhole = (limit: SpendingLimit): boolean =>
    limit.interval === 'per_authorization' && limit.categories === undefined;
  return held.some(isWhole) ? held : [...held, WIDEST];
}

const WIDEST: SpendingLimit = {
  amount: STRIPE_SPENDING_LIMIT_PER_AUTHORIZATION_MINOR,
  interval: 'per_authorization',
};

function limitOf({ amountMinor, interval, categories }: VelocityLimit): readonly SpendingLimit[] {
  if (interval === 'weekly' || amountMinor === undefined) return [];
  if (amountMinor > STRIPE_AMOUNT_MINOR_MAX) return [];
  const limit = { amount: amountMinor, interval };
  return [
    categories === undefined ? limit : { ...limit, categories: [...categories] as Category[] },
  ];
}
