/** All that a decision needs to know of a card, read at once; the versions tell whether it is still true. */
import type { CardPhase } from './card-phase.ts';
import type { Controls } from './controls.ts';
import type { AccountId, CardholderId, CardId, TenantId } from './ids.ts';
import type { Currency, MinorUnits } from './money.ts';

export interface CardProfile {
  readonly tenantId: TenantId;
  readonly cardId: CardId;
  /** The first card of the chain of replacements that this one belongs to; limits of cards count across it. */
  readonly chainId: CardId;
  readonly accountId: AccountId;
  readonly cardholderId: CardholderId;
  readonly currency: Currency;
  readonly phase: CardPhase;
  /** False for a Stripe card of an earlier issuance attempt. */
  readonly isCurrentStripeCard: boolean;
  readonly isFrozen: boolean;
  readonly isCanceled: boolean;
  readonly accountStatus: 'open' | 'frozen' | 'closed';
  readonly isCardholderBlocked: boolean;
  readonly allowPartial: boolean;
  readonly fxMarginBp: number;
  readonly fuelHoldMinor: MinorUnits;
  readonly controls: Readonly<Record<ControlOwner, Controls>>;
  readonly versions: ProfileVersions;
}

export type ControlOwner = 'card' | 'account' | 'tenant';

export interface ProfileVersions {
  readonly card: number;
  readonly account: number;
  readonly cardholder: number;
  readonly tenant: number;
}
