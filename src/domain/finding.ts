/** What a rule found when it declined: the facts behind the reason, stored with the decision. */
import type { ControlOwner } from './card-profile.ts';
import type { LimitInterval } from './controls.ts';
import type { MinorUnits } from './money.ts';

export type Finding =
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'card'; readonly stripeCardId: string }
  | { readonly kind: 'currency'; readonly asked: string; readonly account: string }
  | { readonly kind: 'phase'; readonly phase: string; readonly isCurrentStripeCard: boolean }
  /** A list of the owner's controls; `value` is null where the request does not tell it. */
  | {
      readonly kind: 'list';
      readonly by: ControlOwner;
      readonly list: 'allowed' | 'blocked';
      readonly value: string | null;
    }
  /** The outcome of a check, and the rule of the verification policy that it broke. */
  | {
      readonly kind: 'verification';
      readonly check: 'cvc' | 'expiry' | 'postal_code' | 'address_line1' | 'three_d_secure';
      readonly outcome: string;
      readonly presence: 'present' | 'not_present';
    };

/** A velocity limit that the request would have broken, with what counted towards it at that moment. */
export interface BrokenLimit {
  readonly by: ControlOwner;
  readonly interval: LimitInterval;
  readonly categories?: readonly string[];
  readonly amountMinor?: MinorUnits;
  readonly count?: number;
  readonly spentMinor: MinorUnits;
  readonly spentCount: number;
}

/** The account at the moment of the decision, where it came to the money; before anything was held. */
export interface FundsFacts {
  readonly creditLimitMinor: MinorUnits;
  /** What was to be held: the asked amount with its surplus. */
  readonly neededMinor: MinorUnits;
}

/** Each part is there only where the checks came that far. */
export interface Explanation {
  readonly finding?: Finding;
  readonly limit?: BrokenLimit;
  readonly funds?: FundsFacts;
}
