/** Spending controls as they are kept: of a card, of an account, and those that all cards of a tenant share. */
import type { Controls } from '../domain/controls.ts';
import type { AccountId, CardId, TenantId } from '../domain/ids.ts';
import type { Card } from './cards.ts';

export type AccountControlsOutcome =
  | { readonly kind: 'set'; readonly controls: Controls }
  | { readonly kind: 'unknown_account' }
  | { readonly kind: 'is_closed' };

/** Writing replaces all of them, and changes no version when they are as wanted already. */
export interface SpendingControls {
  /** Undefined when there is no such card; the same goes for accounts and tenants. */
  ofCard(id: CardId): Promise<Controls | undefined>;
  ofAccount(id: AccountId): Promise<Controls | undefined>;
  ofTenant(id: TenantId): Promise<Controls | undefined>;
  /** Of a card that was locked (`CardControls.lock`) in the same transaction. Notes it in the card's timeline. */
  setOfCard(card: Card, wanted: Controls): Promise<Controls>;
  /** Locks the account, so that no decision commits later on older controls. */
  setOfAccount(id: AccountId, wanted: Controls): Promise<AccountControlsOutcome>;
  /** Locks no accounts: binds the requests that arrive after its commit. */
  setOfTenant(id: TenantId, wanted: Controls): Promise<Controls | undefined>;
}
