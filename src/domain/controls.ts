/**
 * Spending controls of a card, an account and the tenant's default, and the policy for failed verification.
 * All that are set apply; the strictest wins because each can only decline.
 */
import type { MinorUnits } from './money.ts';

export type CardPresence = 'present' | 'not_present';
export type LimitInterval =
  | 'per_authorization'
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'yearly'
  | 'all_time';

export interface VelocityLimit {
  readonly amountMinor: MinorUnits;
  readonly interval: LimitInterval;
  /** Merchant categories it counts; all when absent. */
  readonly categories?: readonly string[];
}

export interface Controls {
  readonly allowedCategories?: readonly string[];
  readonly blockedCategories?: readonly string[];
  readonly allowedCountries?: readonly string[];
  readonly blockedCountries?: readonly string[];
  readonly blockedPresences?: readonly CardPresence[];
  readonly limits?: readonly VelocityLimit[];
  /** What to do when a check that was made did not match. Absent: decline on CVC and expiry, allow on address. */
  readonly verification?: Partial<VerificationPolicy>;
}

export interface VerificationPolicy {
  readonly cvcMismatch: 'decline' | 'allow';
  readonly expiryMismatch: 'decline' | 'allow';
  readonly postalCodeMismatch: 'decline' | 'allow';
  readonly threeDSecureFailed: 'decline' | 'allow';
}

/** A wrong CVC or expiry means the card is not at hand; addresses are mistyped daily. */
export const DEFAULT_VERIFICATION: VerificationPolicy = {
  cvcMismatch: 'decline',
  expiryMismatch: 'decline',
  postalCodeMismatch: 'allow',
  threeDSecureFailed: 'decline',
};
