import { describe, expect, it } from 'vitest';
import type { Controls } from '../../src/domain/controls.ts';
import { type CardProfile, type DeclineReason, evaluate } from '../../src/domain/decision.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { currency, sampleProfile, sampleRequest } from '../support/sample-request.ts';

const onCard = (card: Controls): Partial<CardProfile> => ({
  controls: { card, account: {}, tenant: {} },
});

/** One row a rule, in the order of the checks: each profile also breaks every later rule. */
const RULES: readonly [DeclineReason, Partial<CardProfile>][] = [
  ['WRONG_CURRENCY', { currency: currency('eur') }],
  ['CARD_CANCELED', { isCanceled: true }],
  ['CARD_NOT_ACTIVE', { phase: 'awaiting_delivery' }],
  ['CARD_FROZEN', { isFrozen: true }],
  ['ACCOUNT_CLOSED', { accountStatus: 'closed' }],
  ['CARDHOLDER_BLOCKED', { isCardholderBlocked: true }],
  ['CATEGORY_NOT_ALLOWED', onCard({ blockedCategories: ['bakeries'] })],
];

describe('evaluate', () => {
  it('declines a card that nobody knows', () => {
    expect(evaluate(sampleRequest(), null)).toMatchObject({
      kind: 'decline',
      reason: 'UNKNOWN_CARD',
    });
  });

  it.each(RULES.map((rule, index) => [rule[0], index] as const))(
    'answers %s before every later reason',
    (reason, index) => {
      const profile = sampleProfile(
        Object.assign({}, ...RULES.slice(index).map(([, over]) => over)),
      );
      expect(evaluate(sampleRequest(), profile)).toMatchObject({ kind: 'decline', reason });
    },
  );

  it('declines a Stripe card of an earlier attempt', () => {
    const result = evaluate(sampleRequest(), sampleProfile({ isCurrentStripeCard: false }));
    expect(result).toMatchObject({ reason: 'CARD_NOT_ACTIVE' });
  });

  it('declines on a frozen account', () => {
    const result = evaluate(sampleRequest(), sampleProfile({ accountStatus: 'frozen' }));
    expect(result).toMatchObject({ reason: 'ACCOUNT_FROZEN' });
  });

  it.each([
    [
      'a category outside the allowed ones',
      { allowedCategories: ['taxicabs_limousines'] },
      'CATEGORY_NOT_ALLOWED',
    ],
    ['a blocked country', { blockedCountries: ['US'] }, 'COUNTRY_NOT_ALLOWED'],
    ['a country outside the allowed ones', { allowedCountries: ['FR'] }, 'COUNTRY_NOT_ALLOWED'],
    ['a blocked presence', { blockedPresences: ['not_present'] }, 'PRESENCE_NOT_ALLOWED'],
  ] as const)('declines %s', (_name, controls, reason) => {
    for (const owner of ['card', 'account', 'tenant'] as const) {
      const all = { card: {}, account: {}, tenant: {}, [owner]: controls };
      expect(evaluate(sampleRequest(), sampleProfile({ controls: all }))).toMatchObject({ reason });
    }
  });

  it('declines a wrong CVC and expiry by default, allows a wrong postal code, and follows the policy', () => {
    const decide = (over: object, controls: Controls = {}) =>
      evaluate(sampleRequest(over), sampleProfile(onCard(controls))).kind;
    expect(decide({ cvcCheck: 'mismatch' })).toBe('decline');
    expect(decide({ expiryCheck: 'mismatch' })).toBe('decline');
    expect(decide({ threeDSecure: 'failed' })).toBe('decline');
    expect(decide({ postalCodeCheck: 'mismatch' })).toBe('ask_funds');
    expect(decide({ cvcCheck: 'mismatch' }, { verification: { cvcMismatch: 'allow' } })).toBe(
      'ask_funds',
    );
    expect(
      decide({ postalCodeCheck: 'mismatch' }, { verification: { postalCodeMismatch: 'decline' } }),
    ).toBe('decline');
  });

  it('asks for all of the amount unless the amount is controllable and the account allows parts', () => {
    const minimum = (request: object, profile: Partial<CardProfile>) => {
      const result = evaluate(sampleRequest(request), sampleProfile(profile));
      return result.kind === 'ask_funds' ? result.minimumMinor : null;
    };
    expect(minimum({}, { allowPartial: true })).toBe(1_000);
    expect(minimum({ isAmountControllable: true }, {})).toBe(1_000);
    expect(minimum({ isAmountControllable: true }, { allowPartial: true })).toBe(1);
    const cashback = { isAmountControllable: true, cashbackMinor: minorUnits(400) };
    expect(minimum(cashback, { allowPartial: true })).toBe(400);
  });

  it('holds a margin on foreign currency and the configured amount on a fuel status check', () => {
    const surplus = (request: object) => {
      const result = evaluate(sampleRequest(request), sampleProfile());
      return result.kind === 'ask_funds' ? result.surplus : null;
    };
    expect(surplus({ merchantCurrency: 'eur' })).toEqual({ kind: 'margin', basisPoints: 300 });
    const merchant = {
      name: 'Pump',
      category: 'automated_fuel_dispensers',
      categoryCode: '5542',
      country: 'US',
      networkId: '1',
    };
    expect(surplus({ merchant, askedMinor: minorUnits(100) })).toEqual({
      kind: 'fuel',
      holdMinor: 10_000,
      validUntilS: expect.any(Number),
    });
    expect(surplus({})).toEqual({ kind: 'none' });
  });
});
