/** Each reason that the rules can decline with, and the order in which they are looked at. */
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import type { CardProfile, ControlOwner } from '../../src/domain/card-profile.ts';
import type { Controls } from '../../src/domain/controls.ts';
import { evaluate } from '../../src/domain/decision.ts';
import { DECLINE_REASONS, type DeclineReason } from '../../src/domain/decision-reasons.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { currency, sampleProfile, sampleRequest } from '../support/sample-request.ts';

/** What breaks one rule, and no rule before it. */
interface Break {
  readonly reason: DeclineReason;
  readonly profile?: Partial<CardProfile>;
  readonly request?: Partial<AuthorizationRequest>;
  readonly controls?: Controls;
}

/** In the order of the checks. */
const BREAKS: readonly Break[] = [
  { reason: 'WRONG_CURRENCY', profile: { currency: currency('eur') } },
  { reason: 'CARD_CANCELED', profile: { isCanceled: true } },
  { reason: 'CARD_NOT_ACTIVE', profile: { phase: 'awaiting_delivery' } },
  { reason: 'CARD_FROZEN', profile: { isFrozen: true } },
  { reason: 'ACCOUNT_CLOSED', profile: { accountStatus: 'closed' } },
  { reason: 'ACCOUNT_FROZEN', profile: { accountStatus: 'frozen' } },
  { reason: 'CARDHOLDER_BLOCKED', profile: { isCardholderBlocked: true } },
  { reason: 'CATEGORY_NOT_ALLOWED', controls: { blockedCategories: ['bakeries'] } },
  { reason: 'COUNTRY_NOT_ALLOWED', controls: { blockedCountries: ['US'] } },
  { reason: 'PRESENCE_NOT_ALLOWED', controls: { blockedPresences: ['not_present'] } },
  { reason: 'MERCHANT_NOT_ALLOWED', controls: { blockedMerchants: ['1'] } },
  { reason: 'CVC_NOT_VERIFIED', request: { cvcCheck: 'mismatch' } },
  { reason: 'EXPIRY_NOT_VERIFIED', request: { expiryCheck: 'mismatch' } },
  {
    reason: 'ADDRESS_NOT_VERIFIED',
    request: { postalCodeCheck: 'mismatch' },
    controls: { verification: { not_present: { postalCode: 'match' } } },
  },
  { reason: 'CARDHOLDER_NOT_AUTHENTICATED', request: { threeDSecure: 'failed' } },
];

/** A request and a profile that break all of these; where two say another value of one field, the first does. */
function broken(breaks: readonly Break[], owner: ControlOwner = 'card') {
  const all = breaks.toReversed();
  const controls: Controls = Object.assign({}, ...all.map((one) => one.controls ?? {}));
  return {
    request: sampleRequest(Object.assign({}, ...all.map(({ request }) => request ?? {}))),
    profile: sampleProfile({
      ...Object.assign({}, ...all.map(({ profile }) => profile ?? {})),
      controls: { card: {}, account: {}, tenant: {}, [owner]: controls },
    }),
  };
}

const CASES = BREAKS.map((one, place) => [one.reason, place] as const);

describe('evaluate', () => {
  it('asks for the money when nothing is wrong', () => {
    expect(evaluate(sampleRequest(), sampleProfile())).toMatchObject({ kind: 'ask_funds' });
  });

  it('declines what cannot be read before it looks for the card', () => {
    const request = {
      kind: 'unreadable',
      requestId: 'evt_1',
      stripeAccount: null,
      authorizationId: null,
      stripeCardId: null,
      requestedS: 1_800_000_000,
      problem: 'pending_request is missing',
    } as const;
    const finding = { kind: 'unreadable', problem: 'pending_request is missing' };
    const declined = { kind: 'decline', reason: 'REQUEST_UNREADABLE', finding };
    expect(evaluate(request, null)).toEqual(declined);
    expect(evaluate(request, sampleProfile())).toEqual(declined);
  });

  it('declines a card that nobody knows, whatever else is wrong', () => {
    const request = { ...broken(BREAKS).request, stripeCardId: parseStripeCardId('ic_lost') };
    expect(evaluate(request, null)).toEqual({
      kind: 'decline',
      reason: 'UNKNOWN_CARD',
      finding: { kind: 'card', stripeCardId: 'ic_lost' },
    });
  });

  it.each(CASES)('answers %s when that rule alone is broken', (reason, place) => {
    const { request, profile } = broken(BREAKS.slice(place, place + 1));
    expect(evaluate(request, profile)).toMatchObject({ kind: 'decline', reason });
  });

  it.each(CASES)('answers %s before every later reason', (reason, place) => {
    const { request, profile } = broken(BREAKS.slice(place));
    expect(evaluate(request, profile)).toMatchObject({ kind: 'decline', reason });
  });

  it('has a test of every reason that is neither a limit nor the funds, in the order of the list', () => {
    const ofRules = DECLINE_REASONS.filter(
      (reason) => !reason.endsWith('_LIMIT_EXCEEDED') && reason !== 'INSUFFICIENT_FUNDS',
    );
    const tested = BREAKS.map(({ reason }) => reason);
    expect(['REQUEST_UNREADABLE', 'UNKNOWN_CARD', ...tested]).toEqual(ofRules);
  });

  it('looks at the lists of all owners before the next kind of list', () => {
    const result = evaluate(
      sampleRequest(),
      sampleProfile({
        controls: {
          card: { blockedMerchants: ['1'], blockedPresences: ['not_present'] },
          account: { blockedCountries: ['US'] },
          tenant: { blockedCategories: ['bakeries'] },
        },
      }),
    );
    expect(result).toMatchObject({ reason: 'CATEGORY_NOT_ALLOWED', finding: { by: 'tenant' } });
  });

  it('spends nothing on a check of the account, and declines it by the same rules', () => {
    const { request, profile } = broken(BREAKS.slice(-1));
    const check = { ...request, askedMinor: minorUnits(0) };
    expect(evaluate(check, profile)).toMatchObject({ reason: 'CARDHOLDER_NOT_AUTHENTICATED' });
  });
});

describe('the lists of the controls', () => {
  const LISTS = [
    ['categories', 'allowedCategories', 'blockedCategories', 'bakeries', 'bars'],
    ['countries', 'allowedCountries', 'blockedCountries', 'US', 'FR'],
    ['presences', 'allowedPresences', 'blockedPresences', 'not_present', 'present'],
    ['merchants', 'allowedMerchants', 'blockedMerchants', '1', '2'],
  ] as const;
  const REASONS: Readonly<Record<(typeof LISTS)[number][0], DeclineReason>> = {
    categories: 'CATEGORY_NOT_ALLOWED',
    countries: 'COUNTRY_NOT_ALLOWED',
    presences: 'PRESENCE_NOT_ALLOWED',
    merchants: 'MERCHANT_NOT_ALLOWED',
  };
  const owners: readonly ControlOwner[] = ['card', 'account', 'tenant'];
  const withControls = (owner: ControlOwner, controls: object) =>
    evaluate(
      sampleRequest(),
      sampleProfile({ controls: { card: {}, account: {}, tenant: {}, [owner]: controls } }),
    );

  it.each(LISTS)('let %s through that are allowed or not blocked', (_kind, ...list) => {
    const [allowed, blocked, asked, other] = list;
    for (const owner of owners) {
      expect(withControls(owner, { [allowed]: [other, asked] }).kind).toBe('ask_funds');
      expect(withControls(owner, { [blocked]: [other] }).kind).toBe('ask_funds');
      expect(withControls(owner, { [blocked]: [] }).kind).toBe('ask_funds');
    }
  });

  it.each(LISTS)('decline %s that are blocked or not among the allowed', (kind, ...list) => {
    const [allowed, blocked, asked, other] = list;
    const reason = REASONS[kind];
    for (const by of owners) {
      const declined = (which: string) => ({
        kind: 'decline',
        reason,
        finding: { kind: 'list', by, list: which, value: asked },
      });
      expect(withControls(by, { [allowed]: [other] })).toEqual(declined('allowed'));
      expect(withControls(by, { [allowed]: [] })).toEqual(declined('allowed'));
      expect(withControls(by, { [blocked]: [other, asked] })).toEqual(declined('blocked'));
    }
  });

  it.each([
    ['COUNTRY_NOT_ALLOWED', 'allowedCountries', 'blockedCountries'],
    ['PRESENCE_NOT_ALLOWED', 'allowedPresences', 'blockedPresences'],
    ['MERCHANT_NOT_ALLOWED', 'allowedMerchants', 'blockedMerchants'],
  ] as const)(
    'answer %s for what is not told only where it must be allowed',
    (reason, allowed, blocked) => {
      const merchant = { ...sampleRequest().merchant, country: null, networkId: null };
      const untold = sampleRequest({ merchant, cardPresence: null });
      const decide = (controls: object) =>
        evaluate(untold, sampleProfile({ controls: { card: controls, account: {}, tenant: {} } }));
      const finding = { kind: 'list', by: 'card', list: 'allowed', value: null };
      expect(decide({ [allowed]: ['US', 'present', '1'] })).toEqual({
        kind: 'decline',
        reason,
        finding,
      });
      expect(decide({ [blocked]: ['US', 'present', '1'] }).kind).toBe('ask_funds');
    },
  );
});
