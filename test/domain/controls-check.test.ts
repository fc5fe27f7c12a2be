import { describe, expect, it } from 'vitest';
import type { ControlOwner } from '../../src/domain/card-profile.ts';
import { checkControls, type WantedControls } from '../../src/domain/controls-check.ts';
import { COUNTRIES } from '../../src/domain/countries.ts';
import { MERCHANT_CATEGORIES } from '../../src/domain/merchant-categories.ts';

/** `path: message` of each problem; nothing for controls that may be kept. */
function problems(wanted: WantedControls, owner: ControlOwner = 'card'): readonly string[] {
  const checked = checkControls(wanted, owner);
  if (checked.kind === 'controls') {
    expect(checked.controls).toBe(wanted);
    return [];
  }
  expect(checked.problems).not.toHaveLength(0);
  return checked.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('controls that may be kept', () => {
  const kept: { what: string; wanted: WantedControls; owner?: ControlOwner }[] = [
    { what: 'none at all', wanted: {} },
    {
      what: 'lists of each kind',
      wanted: {
        allowedCategories: ['bakeries', 'taxicabs_limousines'],
        blockedCountries: ['GB', 'XK'],
        allowedPresences: ['present'],
        blockedMerchants: ['552067000123456'],
      },
    },
    { what: 'an amount of 0, which stops spending', wanted: limits({ amountMinor: 0 }) },
    { what: 'a count alone', wanted: limits({ interval: 'daily', count: 3 }) },
    { what: 'both', wanted: limits({ interval: 'all_time', amountMinor: 1, count: 1 }) },
    {
      what: 'two limits that differ in their categories only',
      wanted: {
        limits: [
          { interval: 'daily', amountMinor: 5 },
          { interval: 'daily', amountMinor: 5, categories: ['bakeries'] },
        ],
      },
    },
    {
      what: 'an amount of a tenant in a currency',
      wanted: limits({ amountMinor: 5, currency: 'usd' }),
      owner: 'tenant',
    },
    {
      what: 'the same amount in two currencies',
      wanted: {
        limits: [
          { interval: 'daily', amountMinor: 5, currency: 'usd' },
          { interval: 'daily', amountMinor: 5, currency: 'eur' },
        ],
      },
      owner: 'tenant',
    },
    {
      what: 'a count of a tenant for all currencies',
      wanted: limits({ interval: 'weekly', count: 9 }),
      owner: 'tenant',
    },
    {
      what: 'a verification policy',
      wanted: {
        verification: {
          present: {},
          not_present: { cvc: 'match', declinedThreeDSecure: ['failed', 'none'] },
        },
      },
    },
  ];
  it.each(kept)('are $what', ({ wanted, owner }) => {
    expect(problems(wanted, owner)).toEqual([]);
  });
});

/** Controls with one limit; per authorization unless it says otherwise. */
function limits(limit: Partial<NonNullable<WantedControls['limits']>[number]>): WantedControls {
  return { limits: [{ interval: 'per_authorization', ...limit }] };
}

describe('controls are refused', () => {
  const refused: {
    for: string;
    wanted: WantedControls;
    owner?: ControlOwner;
    says: readonly string[];
  }[] = [
    {
      for: 'an allowed beside a blocked list, of each kind',
      wanted: {
        allowedCategories: ['bakeries'],
        blockedCategories: ['taxicabs_limousines'],
        allowedCountries: ['US'],
        blockedCountries: ['CA'],
        allowedPresences: ['present'],
        blockedPresences: ['not_present'],
        allowedMerchants: ['1'],
        blockedMerchants: ['2'],
      },
      says: ['Categories', 'Countries', 'Presences', 'Merchants'].map(
        (kind) => `blocked${kind}: cannot stand beside allowed${kind}: give one of the two`,
      ),
    },
    {
      for: 'categories that Stripe does not have, each of them',
      wanted: { blockedCategories: ['bakerys', 'bakeries', 'gambling'] },
      says: [
        "blockedCategories.0: bakerys is no merchant category of Stripe's",
        "blockedCategories.2: gambling is no merchant category of Stripe's",
      ],
    },
    {
      for: 'a country that ISO does not have',
      wanted: { allowedCountries: ['US', 'UK'] },
      says: ['allowedCountries.1: UK is no country of ISO 3166-1'],
    },
    {
      for: 'an entry twice, in any list',
      wanted: {
        allowedCategories: ['bakeries', 'bakeries'],
        blockedCountries: ['US', 'CA', 'US'],
        blockedPresences: ['present', 'present'],
        allowedMerchants: ['7', '7'],
        limits: [{ interval: 'daily', count: 1, categories: ['bakeries', 'bakeries'] }],
        verification: { present: { declinedThreeDSecure: ['none', 'none'] } },
      },
      says: [
        'allowedCategories.1: names bakeries a second time',
        'blockedCountries.2: names US a second time',
        'blockedPresences.1: names present a second time',
        'allowedMerchants.1: names 7 a second time',
        'limits.0.categories.1: names bakeries a second time',
        'verification.present.declinedThreeDSecure.1: names none a second time',
      ],
    },
    {
      for: 'a limit of nothing',
      wanted: limits({ interval: 'daily' }),
      says: ['limits.0: needs amountMinor, count or both'],
    },
    {
      for: 'a count within one authorization',
      wanted: limits({ amountMinor: 5, count: 2 }),
      says: ['limits.0.count: counts nothing within one authorization'],
    },
    {
      for: 'unknown categories of a limit',
      wanted: limits({ amountMinor: 5, categories: ['bread'] }),
      says: ["limits.0.categories.0: bread is no merchant category of Stripe's"],
    },
    {
      for: "a currency in a card's limit",
      wanted: limits({ amountMinor: 5, currency: 'usd' }),
      says: ['limits.0.currency: must be absent: the card has a currency of its own'],
    },
    {
      for: "a currency in an account's limit",
      wanted: limits({ amountMinor: 5, currency: 'usd' }),
      owner: 'account',
      says: ['limits.0.currency: must be absent: the account has a currency of its own'],
    },
    {
      for: "an amount without a currency in a tenant's limit",
      wanted: limits({ amountMinor: 5 }),
      owner: 'tenant',
      says: ["limits.0.currency: is needed for an amount of a tenant's limit"],
    },
    {
      for: 'a currency that nobody mints',
      wanted: limits({ amountMinor: 5, currency: 'xxq' }),
      owner: 'tenant',
      says: ['limits.0.currency: is not a known currency'],
    },
    {
      for: 'the same limit twice, whatever the order of its categories',
      wanted: {
        limits: [
          { interval: 'daily', amountMinor: 5, categories: ['bakeries', 'book_stores'] },
          { interval: 'weekly', amountMinor: 5 },
          { interval: 'daily', amountMinor: 5, categories: ['book_stores', 'bakeries'] },
        ],
      },
      says: ['limits.2: is the same as limits.0'],
    },
  ];
  it.each(refused)('for $for', ({ wanted, owner, says }) => {
    expect(problems(wanted, owner)).toEqual(says);
  });
});

describe('what lists may name', () => {
  it("is Stripe's categories and the countries of ISO 3166-1 with Kosovo", () => {
    expect([...MERCHANT_CATEGORIES].filter((slug) => !/^[a-z0-9_]{1,100}$/.test(slug))).toEqual([]);
    expect(COUNTRIES.size).toBe(250);
    expect([...COUNTRIES].filter((code) => !/^[A-Z]{2}$/.test(code))).toEqual([]);
    expect(COUNTRIES.has('XK') && COUNTRIES.has('GB') && !COUNTRIES.has('UK')).toBe(true);
  });
});
