/** Spending controls as parameters: of a card, and of a cardholder (which also names a currency). */
import { invalidRequest } from '../http/failure.ts';
import {
  choice,
  type Field,
  integer,
  list,
  object,
  refined,
  required,
  text,
  type Values,
} from '../http/parameter.ts';
import {
  CARD_PRESENCES,
  INTERVALS,
  NO_SPENDING_CONTROLS,
  type SpendingControls,
} from '../machines/spending-controls.ts';
import { CATEGORY_CODES } from './merchant-category.ts';

export const category = (): Field<string, false> =>
  refined(text(), (slug) =>
    Object.hasOwn(CATEGORY_CODES, slug)
      ? undefined
      : { message: `Invalid category: ${slug} is not a merchant category` },
  );

const country = (): Field<string, false> =>
  refined(text(), (code) =>
    /^[A-Z]{2}$/.test(code)
      ? undefined
      : {
          message: `Country '${code}' is unknown. Try using a 2-character alphanumeric country code.`,
          code: 'country_unsupported',
        },
  );

const limit = object({
  amount: required(integer({ min: 0 })),
  categories: list(category()),
  interval: required(choice(INTERVALS)),
});

const SHAPE = {
  allowed_card_presences: list(choice(CARD_PRESENCES)),
  allowed_categories: list(category()),
  allowed_merchant_countries: list(country()),
  blocked_card_presences: list(choice(CARD_PRESENCES)),
  blocked_categories: list(category()),
  blocked_merchant_countries: list(country()),
  spending_limits: list(limit),
};

export const cardSpendingControls = object(SHAPE);
export const cardholderSpendingControls = object({
  ...SHAPE,
  spending_limits_currency: text({ max: 3 }),
});

type Change = Values<typeof SHAPE> & { readonly spending_limits_currency?: string | undefined };

const PAIRS = ['card_presences', 'categories', 'merchant_countries'] as const;

/** Applies a change; the half of an allowed/blocked pair that is set clears the other. */
export function mergeSpendingControls(
  stored: SpendingControls | null,
  change: Change,
  cardCurrency: string | null,
): SpendingControls {
  for (const pair of PAIRS) {
    if (isFilled(change[`allowed_${pair}`]) && isFilled(change[`blocked_${pair}`])) {
      throw invalidRequest(
        `You may only specify one of these parameters: spending_controls[allowed_${pair}], spending_controls[blocked_${pair}].`,
        { param: `spending_controls[allowed_${pair}]` },
      );
    }
  }
  const base = stored ?? NO_SPENDING_CONTROLS;
  const limits = change.spending_limits?.map((entry) => ({
    amount: entry.amount,
    categories: entry.categories ?? [],
    interval: entry.interval,
  }));
  const spendingLimits = limits ?? base.spending_limits;
  const named = change.spending_limits_currency ?? base.spending_limits_currency;
  const currency = (spendingLimits ?? []).length === 0 ? null : (cardCurrency ?? named ?? 'usd');
  return {
    ...halves(base, change),
    spending_limits: spendingLimits,
    spending_limits_currency: currency,
  };
}

const isFilled = (entries: readonly string[] | undefined): boolean =>
  entries !== undefined && entries.length > 0;

type Halves = Omit<SpendingControls, 'spending_limits' | 'spending_limits_currency'>;

function halves(base: SpendingControls, change: Change): Halves {
  const half = <T>(
    own: readonly T[] | undefined,
    other: readonly T[] | undefined,
    stored: readonly T[] | null,
  ) => {
    if (own !== undefined) return own.length === 0 ? null : own;
    return other !== undefined && other.length > 0 ? null : stored;
  };
  const c = change;
  return {
    allowed_card_presences: half(
      c.allowed_card_presences,
      c.blocked_card_presences,
      base.allowed_card_presences,
    ),
    allowed_categories: half(c.allowed_categories, c.blocked_categories, base.allowed_categories),
    allowed_merchant_countries: half(
      c.allowed_merchant_countries,
      c.blocked_merchant_countries,
      base.allowed_merchant_countries,
    ),
    blocked_card_presences: half(
      c.blocked_card_presences,
      c.allowed_card_presences,
      base.blocked_card_presences,
    ),
    blocked_categories: half(c.blocked_categories, c.allowed_categories, base.blocked_categories),
    blocked_merchant_countries: half(
      c.blocked_merchant_countries,
      c.allowed_merchant_countries,
      base.blocked_merchant_countries,
    ),
  };
}
