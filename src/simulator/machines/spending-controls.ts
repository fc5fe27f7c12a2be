/** Spending controls of a card or cardholder, and what they refuse. Pure; sums come from the caller. */
import { SECONDS_PER_DAY } from './duration.ts';
import type { SpendingWindow } from './spending-counter.ts';

export const INTERVALS = [
  'all_time',
  'daily',
  'monthly',
  'per_authorization',
  'weekly',
  'yearly',
] as const;
type Interval = (typeof INTERVALS)[number];
export const CARD_PRESENCES = ['not_present', 'present'] as const;
type CardPresence = (typeof CARD_PRESENCES)[number];

export interface SpendingLimit {
  readonly amount: number;
  readonly categories: readonly string[] | null;
  readonly interval: Interval;
}

export interface SpendingControls {
  readonly allowed_card_presences: readonly CardPresence[] | null;
  readonly allowed_categories: readonly string[] | null;
  readonly allowed_merchant_countries: readonly string[] | null;
  readonly blocked_card_presences: readonly CardPresence[] | null;
  readonly blocked_categories: readonly string[] | null;
  readonly blocked_merchant_countries: readonly string[] | null;
  readonly spending_limits: readonly SpendingLimit[] | null;
  readonly spending_limits_currency: string | null;
}

export const NO_SPENDING_CONTROLS: SpendingControls = {
  allowed_card_presences: null,
  allowed_categories: null,
  allowed_merchant_countries: null,
  blocked_card_presences: null,
  blocked_categories: null,
  blocked_merchant_countries: null,
  spending_limits: [],
  spending_limits_currency: null,
};

/** Stripe's limit for cards that set none: 500 USD a day, in US cents. */
export const DEFAULT_DAILY_LIMIT_USD_CENTS = 50_000;
/** Stripe's limit per authorization, which nobody can raise: 10,000 USD, in US cents. */
export const AUTHORIZATION_LIMIT_USD_CENTS = 1_000_000;

export interface Purchase {
  /** What is asked for now: an increment is only the addition. */
  readonly amount: number;
  /** What the whole authorization comes to with it. */
  readonly whole: number;
  readonly category: string;
  readonly country: string | null;
  readonly presence: CardPresence | null;
}

const refuses = (
  value: string | null,
  allowed: readonly string[] | null,
  blocked: readonly string[] | null,
): boolean => {
  // Clearing a list leaves an empty one at Stripe; it restricts nothing.
  if (allowed !== null && allowed.length > 0) return value === null || !allowed.includes(value);
  return blocked !== null && value !== null && blocked.includes(value);
};

/** The name of the control that refuses the purchase, or undefined. Limits are not looked at. */
export function refusingControl(
  controls: SpendingControls,
  purchase: Purchase,
): string | undefined {
  const { category, country, presence } = purchase;
  if (refuses(category, controls.allowed_categories, controls.blocked_categories))
    return 'categories';
  if (refuses(country, controls.allowed_merchant_countries, controls.blocked_merchant_countries)) {
    return 'merchant_countries';
  }
  if (refuses(presence, controls.allowed_card_presences, controls.blocked_card_presences)) {
    return 'card_presences';
  }
  return undefined;
}

/** What has been spent in the window, in minor units of the window's currency. */
export type SpentSince = (window: SpendingWindow) => number;

/** The first limit that the purchase would exceed, or undefined. All amounts are in one currency; `now` is in Unix seconds. */
export function exceededLimit(
  limits: readonly SpendingLimit[],
  purchase: Purchase,
  spent: { readonly since: SpentSince; readonly now: number; readonly currency: string },
): SpendingLimit | undefined {
  return limits.find((limit) => {
    const categories =
      limit.categories !== null && limit.categories.length > 0 ? limit.categories : null;
    if (categories !== null && !categories.includes(purchase.category)) return false;
    if (limit.interval === 'per_authorization') return purchase.whole > limit.amount;
    const fromDay = windowStartDay(limit.interval, spent.now);
    const already = spent.since({ fromDay, categories, currency: spent.currency });
    return already + purchase.amount > limit.amount;
  });
}

export const utcDay = (seconds: number): number => Math.floor(seconds / SECONDS_PER_DAY);

/** The first UTC day of the running window. Weeks begin on Sunday, as Stripe's documentation has them. */
function windowStartDay(interval: Exclude<Interval, 'per_authorization'>, now: number): number {
  const today = utcDay(now);
  const date = new Date(now * 1000);
  switch (interval) {
    case 'daily':
      return today;
    case 'weekly':
      return today - date.getUTCDay();
    case 'monthly':
      return today - (date.getUTCDate() - 1);
    case 'yearly':
      return utcDay(Date.UTC(date.getUTCFullYear(), 0, 1) / 1000);
    case 'all_time':
      return 0;
  }
}
