/** Which cards wallets take. Pure. */
import { type CardholderRow, isReachable } from './cardholder.ts';
import { hasWallets } from './region.ts';

type Ineligibility = 'missing_agreement' | 'missing_cardholder_contact' | 'unsupported_region';

/**
 * Why wallets take no card of this cardholder, or null when they do: they need the account's agreement, a country
 * where they work, and a way to reach the cardholder.
 */
export function walletIneligibility(
  hasAgreement: boolean,
  cardholder: CardholderRow | undefined,
): Ineligibility | null {
  if (!hasAgreement) return 'missing_agreement';
  if (!hasWallets(cardholder?.billing.address.country ?? null)) return 'unsupported_region';
  const reachable = cardholder !== undefined && isReachable(cardholder);
  return reachable ? null : 'missing_cardholder_contact';
}
