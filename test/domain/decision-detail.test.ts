/** What a decision tells beside its reason, what it asks of the money, and the edges of the single rules. */
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { CARD_PHASES } from '../../src/domain/card-phase.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import { LIMIT_INTERVALS, type VelocityLimit } from '../../src/domain/controls.ts';
import { evaluate } from '../../src/domain/decision.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { currency, sampleProfile, sampleRequest } from '../support/sample-request.ts';

const decide = (request: Partial<AuthorizationRequest> = {}, profile: Partial<CardProfile> = {}) =>
  evaluate(sampleRequest(request), sampleProfile(profile));

const NOTHING = { askedMinor: minorUnits(0) };

describe('a decline', () => {
  it.each<[string, Partial<CardProfile>, unknown]>([
    [
      'both currencies',
      { currency: currency('eur') },
      { kind: 'currency', asked: 'usd', account: 'eur' },
    ],
    [
      'the phase of a card that is not active',
      { phase: 'winding_down' },
      { kind: 'phase', phase: 'winding_down', isCurrentStripeCard: true },
    ],
    [
      'that it was an earlier Stripe card',
      { isCurrentStripeCard: false },
      { kind: 'phase', phase: 'active', isCurrentStripeCard: false },
    ],
    ['nothing of a frozen card', { isFrozen: true }, null],
    ['nothing of a cancelled card', { isCanceled: true }, null],
    ['nothing of a closed account', { accountStatus: 'closed' }, null],
    ['nothing of a frozen account', { accountStatus: 'frozen' }, null],
    ['nothing of a blocked cardholder', { isCardholderBlocked: true }, null],
  ])('tells %s', (_what, profile, finding) => {
    expect(decide({}, profile)).toMatchObject({ kind: 'decline', finding });
  });
});

describe('the phases of a card', () => {
  it('let it be spent from as soon as it is being activated, and no longer than it is active', () => {
    const spendable = CARD_PHASES.filter((phase) => decide({}, { phase }).kind === 'ask_funds');
    expect(spendable).toEqual(['activation', 'active']);
  });
});

describe('limits', () => {
  const limit = (amount: number, over: Partial<VelocityLimit> = {}): VelocityLimit => ({
    amountMinor: minorUnits(amount),
    interval: 'daily',
    ...over,
  });
  const limitsOf = (
    controls: Partial<CardProfile['controls']>,
    request: Partial<AuthorizationRequest> = {},
  ) => {
    const all = { card: {}, account: {}, tenant: {}, ...controls };
    const result = decide(request, { controls: all });
    return result.kind === 'ask_funds' ? result.limits : null;
  };

  it('of the card and of the tenant count by card, those of the account by account', () => {
    const limits = limitsOf({
      tenant: { limits: [limit(2), limit(3)] },
      account: { limits: [limit(4)] },
      card: { limits: [limit(1)] },
    });
    expect(limits).toEqual([
      { amountMinor: 1, interval: 'daily', by: 'card' },
      { amountMinor: 4, interval: 'daily', by: 'account' },
      { amountMinor: 2, interval: 'daily', by: 'tenant' },
      { amountMinor: 3, interval: 'daily', by: 'tenant' },
    ]);
  });

  it('are looked at from the shortest interval to the longest, whoever has set them', () => {
    const backwards = LIMIT_INTERVALS.toReversed().map((interval) => limit(1, { interval }));
    const limits = limitsOf({
      card: { limits: backwards.slice(0, 3) },
      tenant: { limits: backwards.slice(3) },
    });
    expect(limits?.map(({ interval }) => interval)).toEqual(LIMIT_INTERVALS);
    const owners = ['tenant', 'tenant', 'tenant', 'card', 'card', 'card'];
    expect(limits?.map(({ by }) => by)).toEqual(owners);
  });

  it('are told whole: amount, count and categories', () => {
    const whole = limit(4, { count: 2, categories: ['bars', 'bakeries'] });
    const { amountMinor: _none, ...counted } = limit(0, { count: 3 });
    expect(limitsOf({ account: { limits: [whole, counted] } })).toEqual([
      { ...whole, by: 'account' },
      { interval: 'daily', count: 3, by: 'account' },
    ]);
  });

  it('for some categories apply to purchases of these', () => {
    const bars = limit(1, { categories: ['bars'] });
    const bakeries = limit(2, { categories: ['bars', 'bakeries'] });
    expect(limitsOf({ card: { limits: [bars, bakeries] } })).toMatchObject([{ amountMinor: 2 }]);
  });

  it('of a tenant with a currency apply to cards in that currency', () => {
    const limits = [
      limit(1, { currency: currency('eur') }),
      limit(2, { currency: currency('usd') }),
      { interval: 'weekly', count: 7 } as const,
    ];
    const byTenant = { by: 'tenant' };
    expect(limitsOf({ tenant: { limits } })).toEqual([
      { ...limit(2), ...byTenant },
      { interval: 'weekly', count: 7, ...byTenant },
    ]);
  });

  it('are none where nobody set one, and none for a check of the account', () => {
    expect(limitsOf({})).toEqual([]);
    const zero = { card: { limits: [limit(0)] }, account: { limits: [limit(0, { count: 0 })] } };
    expect(limitsOf(zero)).toHaveLength(2);
    expect(limitsOf(zero, NOTHING)).toEqual([]);
  });
});

describe('the amount held on top', () => {
  const surplus = (request: Partial<AuthorizationRequest>, profile: Partial<CardProfile> = {}) => {
    const result = decide(request, profile);
    return result.kind === 'ask_funds' ? result.surplus : null;
  };
  const pump = { merchant: { ...sampleRequest().merchant, categoryCode: '5542' } };
  const none = { kind: 'none' };

  it('is none in the currency of the account, and none for a check of the account', () => {
    expect(surplus({})).toEqual(none);
    expect(surplus({ ...pump, ...NOTHING })).toEqual(none);
    expect(surplus({ ...NOTHING, merchantCurrency: 'eur' })).toEqual(none);
  });

  it('is the margin of the tenant in a foreign currency', () => {
    const foreign = { merchantCurrency: 'eur' };
    expect(surplus(foreign)).toEqual({ kind: 'margin', basisPoints: 300 });
    expect(surplus(foreign, { fxMarginBp: 1 })).toEqual({ kind: 'margin', basisPoints: 1 });
    expect(surplus(foreign, { fxMarginBp: 0 })).toEqual(none);
  });

  it('is the rest of the configured amount at a pump that asks for 1.00 at most, for a day', () => {
    const asking = (amount: number, over: Partial<AuthorizationRequest> = {}) =>
      surplus({ ...pump, askedMinor: minorUnits(amount), ...over });
    const validUntilS = sampleRequest().requestedS + 86_400;
    const fuel = { kind: 'fuel', holdMinor: 10_000, validUntilS };
    expect(asking(1)).toEqual(fuel);
    expect(asking(100)).toEqual(fuel);
    expect(asking(101)).toEqual(none);
    expect(asking(10_001)).toEqual(none);
    // A pump in a foreign currency: its amount is far above any margin on it.
    expect(asking(100, { merchantCurrency: 'eur' })).toEqual(fuel);
    expect(asking(20_000, { merchantCurrency: 'eur' })).toMatchObject({ kind: 'margin' });
  });
});

describe('the least that may be approved', () => {
  const least = (request: Partial<AuthorizationRequest>, allowPartial = true) => {
    const result = decide({ isAmountControllable: true, ...request }, { allowPartial });
    return result.kind === 'ask_funds' ? result.minimumMinor : null;
  };
  const amounts = (asked: number, cashback: number, atmFee: number) => ({
    askedMinor: minorUnits(asked),
    cashbackMinor: minorUnits(cashback),
    atmFeeMinor: minorUnits(atmFee),
  });

  it('is all of it, unless Stripe lets us lower it and the account allows that', () => {
    expect(least({}, false)).toBe(1_000);
    expect(least({ isAmountControllable: false })).toBe(1_000);
    expect(least({})).toBe(1);
  });

  it.each([
    ['one unit, where no cash is handed out', amounts(1_000, 0, 0), 1],
    ['the cashback', amounts(1_000, 400, 0), 400],
    ['more than the fee of a machine alone', amounts(1_000, 0, 200), 201],
    ['the larger of cashback and fee', amounts(1_000, 400, 200), 400],
    [
      'the fee and a unit, where the cashback is as large as the fee',
      amounts(1_000, 200, 200),
      201,
    ],
    ['never more than what was asked, by cashback', amounts(100, 400, 0), 100],
    ['never more than what was asked, by fee', amounts(100, 0, 100), 100],
    ['nothing, for a check of the account', amounts(0, 0, 0), 0],
  ])('is %s', (_what, request, minimum) => {
    expect(least(request)).toBe(minimum);
  });
});
