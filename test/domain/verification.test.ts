/** The verification policy: what each rule makes of each outcome, by card presence and by whose policy it is. */
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest, Check } from '../../src/domain/authorization-request.ts';
import type { CardProfile, ControlOwner } from '../../src/domain/card-profile.ts';
import {
  CARD_PRESENCES,
  CHECK_RULES,
  type CheckRule,
  DEFAULT_VERIFICATION,
  THREE_D_SECURE_OUTCOMES,
  type VerificationPolicy,
} from '../../src/domain/controls.ts';
import { failedVerification } from '../../src/domain/verification.ts';
import { sampleProfile, sampleRequest } from '../support/sample-request.ts';

const CHECKS = [
  ['cvc', 'cvcCheck', 'CVC_NOT_VERIFIED', 'cvc'],
  ['expiry', 'expiryCheck', 'EXPIRY_NOT_VERIFIED', 'expiry'],
  ['postalCode', 'postalCodeCheck', 'ADDRESS_NOT_VERIFIED', 'postal_code'],
  ['addressLine1', 'addressLine1Check', 'ADDRESS_NOT_VERIFIED', 'address_line1'],
] as const;
const OUTCOMES: readonly Check[] = ['match', 'mismatch', 'not_provided'];
/** Which outcomes each rule declines. */
const DECLINED: Readonly<Record<CheckRule, readonly Check[]>> = {
  ignore: [],
  no_mismatch: ['mismatch'],
  match: ['mismatch', 'not_provided'],
};
/** Nothing is looked at. */
const LENIENT = {
  cvc: 'ignore',
  expiry: 'ignore',
  postalCode: 'ignore',
  addressLine1: 'ignore',
  declinedThreeDSecure: [],
} as const;

const withPolicies = (
  policies: Partial<Record<ControlOwner, VerificationPolicy>>,
): Pick<CardProfile, 'controls'> => {
  const controlsOf = (owner: ControlOwner) => {
    const verification = policies[owner];
    return verification === undefined ? {} : { verification };
  };
  return {
    controls: {
      card: controlsOf('card'),
      account: controlsOf('account'),
      tenant: controlsOf('tenant'),
    },
  };
};

const check = (
  request: Partial<AuthorizationRequest>,
  policies: Partial<Record<ControlOwner, VerificationPolicy>> = {},
) => failedVerification(sampleRequest(request), sampleProfile(withPolicies(policies)));

describe.each(CHECKS)('the rule of %s', (rule, field, reason, name) => {
  it.each(CHECK_RULES)('%s declines what it says', (chosen) => {
    for (const outcome of OUTCOMES) {
      const found = check(
        { [field]: outcome },
        { card: { not_present: { ...LENIENT, [rule]: chosen } } },
      );
      const isDeclined = DECLINED[chosen].includes(outcome);
      const finding = { kind: 'verification', check: name, outcome, presence: 'not_present' };
      expect(found).toEqual(isDeclined ? { reason, finding } : null);
    }
  });

  it('has a default', () => {
    for (const outcome of OUTCOMES) {
      const isDeclined = DECLINED[DEFAULT_VERIFICATION[rule]].includes(outcome);
      expect(check({ [field]: outcome })?.reason).toBe(isDeclined ? reason : undefined);
    }
  });
});

describe('the rule of 3D Secure', () => {
  it('declines the outcomes that it lists, and no other', () => {
    for (const declined of THREE_D_SECURE_OUTCOMES) {
      const policy = { not_present: { ...LENIENT, declinedThreeDSecure: [declined] } };
      for (const outcome of THREE_D_SECURE_OUTCOMES) {
        const found = check({ threeDSecure: outcome }, { card: policy });
        expect(found).toEqual(
          outcome === declined
            ? {
                reason: 'CARDHOLDER_NOT_AUTHENTICATED',
                finding: {
                  kind: 'verification',
                  check: 'three_d_secure',
                  outcome,
                  presence: 'not_present',
                },
              }
            : null,
        );
      }
    }
  });
});

describe('by default', () => {
  it('a wrong CVC or expiry is declined, a wrong address is not, and 3D Secure must not have failed', () => {
    expect(DEFAULT_VERIFICATION).toEqual({
      cvc: 'no_mismatch',
      expiry: 'no_mismatch',
      postalCode: 'ignore',
      addressLine1: 'ignore',
      declinedThreeDSecure: ['failed', 'required'],
    });
    const declined = THREE_D_SECURE_OUTCOMES.filter((o) => check({ threeDSecure: o }) !== null);
    expect(declined).toEqual(['failed', 'required']);
  });

  it('is the same at the till and away from it', () => {
    for (const cardPresence of CARD_PRESENCES) {
      expect(check({ cardPresence })).toBeNull();
      expect(check({ cardPresence, cvcCheck: 'mismatch' })).toMatchObject({
        reason: 'CVC_NOT_VERIFIED',
        finding: { presence: cardPresence },
      });
    }
  });
});

describe('a policy', () => {
  const wrongCvc = { cvcCheck: 'mismatch' } as const;

  it('of one presence does not concern the other; a presence that is not told is judged as not present', () => {
    const policy = { card: { present: LENIENT } };
    expect(check({ ...wrongCvc, cardPresence: 'present' }, policy)).toBeNull();
    expect(check({ ...wrongCvc, cardPresence: 'not_present' }, policy)).not.toBeNull();
    expect(check({ ...wrongCvc, cardPresence: null }, policy)).toMatchObject({
      finding: { presence: 'not_present' },
    });
    expect(
      check({ ...wrongCvc, cardPresence: null }, { card: { not_present: LENIENT } }),
    ).toBeNull();
  });

  it('of the card goes before that of the account, and this before that of the tenant', () => {
    const strict = { not_present: { postalCode: 'match' } } as const;
    const lenient = { not_present: { postalCode: 'ignore' } } as const;
    const wrong = { postalCodeCheck: 'mismatch' } as const;
    expect(check(wrong, { tenant: strict })).not.toBeNull();
    expect(check(wrong, { tenant: strict, account: lenient })).toBeNull();
    expect(check(wrong, { tenant: lenient, account: strict })).not.toBeNull();
    expect(check(wrong, { tenant: strict, account: strict, card: lenient })).toBeNull();
    expect(check(wrong, { account: lenient, card: strict })).not.toBeNull();
  });

  it('leaves to the others what it does not say', () => {
    const policies = {
      tenant: { not_present: { cvc: 'ignore', expiry: 'ignore' } },
      account: { not_present: { expiry: 'match' } },
      card: { not_present: { declinedThreeDSecure: [] } },
    } as const;
    expect(check(wrongCvc, policies)).toBeNull();
    expect(check({ expiryCheck: 'not_provided' }, policies)).not.toBeNull();
    expect(check({ threeDSecure: 'failed' }, policies)).toBeNull();
  });
});

describe('several failures', () => {
  it('are told in a fixed order, the first of them alone', () => {
    const strict = {
      card: {
        not_present: { cvc: 'match', expiry: 'match', postalCode: 'match', addressLine1: 'match' },
      },
    } as const;
    const failing: [Partial<AuthorizationRequest>, string][] = [
      [{ cvcCheck: 'mismatch' }, 'cvc'],
      [{ expiryCheck: 'mismatch' }, 'expiry'],
      [{ postalCodeCheck: 'mismatch' }, 'postal_code'],
      [{ addressLine1Check: 'mismatch' }, 'address_line1'],
      [{ threeDSecure: 'failed' }, 'three_d_secure'],
    ];
    for (const [place, [, name]] of failing.entries()) {
      const request = Object.assign({}, ...failing.slice(place).map(([over]) => over));
      expect(check(request, strict)).toMatchObject({ finding: { check: name } });
    }
  });
});
