/** What a decision tells beside its reason, and the edges of the single rules. */
import { describe, expect, it } from 'vitest';
import { CARD_PHASES } from '../../src/domain/card-phase.ts';
import type { Controls, VelocityLimit } from '../../src/domain/controls.ts';
import {
  type AuthorizationRequest,
  type CardProfile,
  evaluate,
} from '../../src/domain/decision.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { currency, sampleProfile, sampleRequest } from '../support/sample-request.ts';

const decide = (request: Partial<AuthorizationRequest> = {}, profile: Partial<CardProfile> = {}) =>
  evaluate(sampleRequest(request), sampleProfile(profile));

const onCard = (card: Controls): Partial<CardProfile> => ({
  controls: { card, account: {}, tenant: {} },
});

const inCountry = (country: string | null) => ({
  merchant: { ...sampleRequest().merchant, country },
});

describe('a decline', () => {
  it.each<[string, Partial<CardProfile>, string]>([
    ['both currencies', { currency: currency('eur') }, 'asked usd, account is eur'],
    ['the phase of a card that is not active', { phase: 'winding_down' }, 'phase winding_down'],
    [
      'the category and whose control it was',
      onCard({ blockedCategories: ['bakeries'] }),
      'bakeries, by the controls of the card',
    ],
    [
      'the country and whose control it was',
      { controls: { card: {}, account: { blockedCountries: ['US'] }, tenant: {} } },
      'US, by the controls of the account',
    ],
    [
      'the presence and whose control it was',
      { controls: { card: {}, account: {}, tenant: { blockedPresences: ['not_present'] } } },
      'not_present, by the controls of the tenant',
    ],
    ['nothing where the reason says it all', { isFrozen: true }, ''],
  ])('tells %s', (_what, profile, detail) => {
    expect(decide({}, profile)).toMatchObject({ kind: 'decline', detail });
  });

  it.each([
    ['cvc', { cvcCheck: 'mismatch' }, 'cvcMismatch'],
    ['expiry', { expiryCheck: 'mismatch' }, 'expiryMismatch'],
    ['postal_code', { postalCodeCheck: 'mismatch' }, 'postalCodeMismatch'],
    ['three_d_secure', { threeDSecure: 'failed' }, 'threeDSecureFailed'],
  ] as const)('names %s as what did not match, and only then', (detail, request, rule) => {
    const strict = onCard({ verification: { [rule]: 'decline' } });
    const lenient = onCard({ verification: { [rule]: 'allow' } });
    expect(decide(request, strict)).toMatchObject({ reason: 'VERIFICATION_FAILED', detail });
    expect(decide(request, lenient).kind).toBe('ask_funds');
    expect(decide({}, strict).kind).toBe('ask_funds');
  });
});

describe('the phases of a card', () => {
  it('let it be spent from as soon as it is being activated, and no longer than it is active', () => {
    const spendable = CARD_PHASES.filter((phase) => decide({}, { phase }).kind === 'ask_funds');
    expect(spendable).toEqual(['activation', 'active']);
  });
});

describe('a list of what is allowed', () => {
  it('lets through what is on it', () => {
    expect(decide({}, onCard({ allowedCategories: ['bakeries'] })).kind).toBe('ask_funds');
    expect(decide({}, onCard({ allowedCountries: ['FR', 'US'] })).kind).toBe('ask_funds');
  });

  it('does not let through a country that is not told', () => {
    expect(decide(inCountry(null), onCard({ allowedCountries: ['US'] }))).toMatchObject({
      reason: 'COUNTRY_NOT_ALLOWED',
      detail: 'none, by the controls of the card',
    });
  });
});

describe('a list of what is blocked', () => {
  it('lets through what is not on it, and a country or a presence that is not told', () => {
    const controls = onCard({ blockedCountries: ['FR'], blockedPresences: ['present'] });
    expect(decide({}, controls).kind).toBe('ask_funds');
    expect(decide({ ...inCountry(null), cardPresence: null }, controls).kind).toBe('ask_funds');
  });
});

describe('limits', () => {
  const limit = (amount: number, interval: VelocityLimit['interval']): VelocityLimit => ({
    amountMinor: minorUnits(amount),
    interval,
  });

  it('of the card and of the tenant count by card, those of the account by account', () => {
    const result = decide(
      {},
      {
        controls: {
          card: { limits: [limit(1, 'daily')] },
          tenant: { limits: [limit(2, 'weekly'), limit(3, 'all_time')] },
          account: { limits: [{ ...limit(4, 'monthly'), categories: ['bakeries'] }] },
        },
      },
    );
    expect(result).toMatchObject({
      limits: [
        { amountMinor: 1, interval: 'daily', scope: 'card' },
        { amountMinor: 2, interval: 'weekly', scope: 'card' },
        { amountMinor: 3, interval: 'all_time', scope: 'card' },
        { amountMinor: 4, interval: 'monthly', categories: ['bakeries'], scope: 'account' },
      ],
    });
  });

  it('are none where nobody set one', () => {
    expect(decide()).toMatchObject({ kind: 'ask_funds', limits: [] });
  });
});

describe('the amount held on top', () => {
  const surplus = (request: Partial<AuthorizationRequest>, profile: Partial<CardProfile> = {}) => {
    const result = decide(request, profile);
    return result.kind === 'ask_funds' ? result.surplus : null;
  };
  const pump = { merchant: { ...sampleRequest().merchant, categoryCode: '5542' } };

  it('is none for a check of the account, whatever the merchant and the currency', () => {
    const nothing = { askedMinor: minorUnits(0) };
    expect(surplus({ ...pump, ...nothing })).toEqual({ kind: 'none' });
    expect(surplus({ ...nothing, merchantCurrency: 'eur' })).toEqual({ kind: 'none' });
  });

  // The pump may run for as long as a day after the request.
  const validUntilS = sampleRequest().requestedS + 86_400;

  it('is none at a pump that asks for the configured amount or for more', () => {
    const asking = (amount: number) => surplus({ ...pump, askedMinor: minorUnits(amount) });
    expect(asking(9_999)).toEqual({ kind: 'fuel', holdMinor: 10_000, validUntilS });
    expect(asking(10_000)).toEqual({ kind: 'none' });
    expect(asking(10_001)).toEqual({ kind: 'none' });
  });

  it('is none in a foreign currency for a tenant without a margin', () => {
    expect(surplus({ merchantCurrency: 'eur' }, { fxMarginBp: 0 })).toEqual({ kind: 'none' });
    expect(surplus({ merchantCurrency: 'eur' }, { fxMarginBp: 1 })).toEqual({
      kind: 'margin',
      basisPoints: 1,
    });
  });
});

describe('a check of the account', () => {
  it('may be approved for zero even where parts are possible', () => {
    const request = { askedMinor: minorUnits(0), isAmountControllable: true };
    expect(decide(request, { allowPartial: true })).toMatchObject({ minimumMinor: 0 });
  });
});
