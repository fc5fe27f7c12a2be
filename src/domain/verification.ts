/** The verification policy: what a CVC, an expiry date, an address and 3D Secure have to be like, by card presence. */
import type { AuthorizationRequest, Check } from './authorization-request.ts';
import type { CardProfile } from './card-profile.ts';
import {
  type CardPresence,
  type CheckRule,
  DEFAULT_VERIFICATION,
  type VerificationRules,
} from './controls.ts';
import type { DeclineReason } from './decision-reasons.ts';
import type { Finding } from './finding.ts';

export interface FailedVerification {
  readonly reason: DeclineReason;
  readonly finding: Finding;
}

/** The first check that the policy declines, or null. A presence that is not told is judged as `not_present`. */
export function failedVerification(
  request: AuthorizationRequest,
  profile: CardProfile,
): FailedVerification | null {
  const presence: CardPresence = request.cardPresence ?? 'not_present';
  const rules = rulesFor(presence, profile);
  const fail = (
    reason: DeclineReason,
    check: Extract<Finding, { kind: 'verification' }>['check'],
    outcome: string,
  ): FailedVerification => ({
    reason,
    finding: { kind: 'verification', check, outcome, presence },
  });
  const { cvcCheck, expiryCheck, postalCodeCheck, addressLine1Check, threeDSecure } = request;
  if (breaks(rules.cvc, cvcCheck)) return fail('CVC_NOT_VERIFIED', 'cvc', cvcCheck);
  if (breaks(rules.expiry, expiryCheck)) return fail('EXPIRY_NOT_VERIFIED', 'expiry', expiryCheck);
  if (breaks(rules.postalCode, postalCodeCheck)) {
    return fail('ADDRESS_NOT_VERIFIED', 'postal_code', postalCodeCheck);
  }
  if (breaks(rules.addressLine1, addressLine1Check)) {
    return fail('ADDRESS_NOT_VERIFIED', 'address_line1', addressLine1Check);
  }
  if (rules.declinedThreeDSecure.includes(threeDSecure)) {
    return fail('CARDHOLDER_NOT_AUTHENTICATED', 'three_d_secure', threeDSecure);
  }
  return null;
}

const rulesFor = (
  presence: CardPresence,
  { controls: { tenant, account, card } }: CardProfile,
): VerificationRules => ({
  ...DEFAULT_VERIFICATION,
  ...tenant.verification?.[presence],
  ...account.verification?.[presence],
  ...card.verification?.[presence],
});

function breaks(rule: CheckRule, check: Check): boolean {
  switch (rule) {
    case 'ignore':
      return false;
    case 'no_mismatch':
      return check === 'mismatch';
    case 'match':
      return check !== 'match';
  }
}
