/** What is held on top of an amount, as a rule stored with the decision; `surplus_of` in SQL follows it alike. */
import { atLeastZero, type MinorUnits, shareRoundedUp, subtract, ZERO } from './money.ts';

export type SurplusRule =
  | { readonly kind: 'none' }
  /** Foreign currency: a share of what is left, because the final amount is known at capture only. */
  | { readonly kind: 'margin'; readonly basisPoints: number }
  /** Fuel status check: the configured amount is held until the pump reports the true one, or for so long. */
  | { readonly kind: 'fuel'; readonly holdMinor: MinorUnits; readonly validUntilS: number };

/** The surplus of an amount by a rule. */
export function surplusOf(rule: SurplusRule, amountMinor: MinorUnits): MinorUnits {
  switch (rule.kind) {
    case 'none':
      return ZERO;
    case 'margin':
      return shareRoundedUp(amountMinor, rule.basisPoints);
    case 'fuel':
      return atLeastZero(subtract(rule.holdMinor, amountMinor));
  }
}
