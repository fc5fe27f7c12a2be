/** A request and a card's profile as most tests want them; each test changes what it is about. */
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import {
  parseAccountId,
  parseAuthorizationId,
  parseCardholderId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
} from '../../src/domain/ids.ts';
import { type Currency, minorUnits, parseCurrency, ZERO } from '../../src/domain/money.ts';

export function currency(code: string): Currency {
  const parsed = parseCurrency(code);
  if (parsed === undefined) throw new Error(`${code} is no currency`);
  return parsed;
}

export const sampleRequest = (over: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  kind: 'readable',
  requestId: 'evt_1',
  authorizationId: parseAuthorizationId('iauth_1'),
  stripeAccount: null,
  stripeCardId: parseStripeCardId('ic_1'),
  currency: currency('usd'),
  askedMinor: minorUnits(1_000),
  merchantCurrency: 'usd',
  merchant: {
    name: 'Shop',
    category: 'bakeries',
    categoryCode: '5462',
    country: 'US',
    networkId: '1',
  },
  cardPresence: 'not_present',
  isAmountControllable: false,
  cashbackMinor: ZERO,
  atmFeeMinor: ZERO,
  cvcCheck: 'match',
  expiryCheck: 'match',
  postalCodeCheck: 'match',
  addressLine1Check: 'match',
  threeDSecure: 'none',
  requestedS: 1_800_000_000,
  ...over,
});

export const sampleProfile = (over: Partial<CardProfile> = {}): CardProfile => ({
  tenantId: parseTenantId('ten_1'),
  cardId: parseCardId('card_1'),
  chainId: parseCardId('card_1'),
  accountId: parseAccountId('acc_1'),
  cardholderId: parseCardholderId('chr_1'),
  currency: currency('usd'),
  phase: 'active',
  isCurrentStripeCard: true,
  isFrozen: false,
  isCanceled: false,
  accountStatus: 'open',
  isCardholderBlocked: false,
  allowPartial: false,
  fxMarginBp: 300,
  fuelHoldMinor: minorUnits(10_000),
  controls: { card: {}, account: {}, tenant: {} },
  versions: { card: 1, account: 1, cardholder: 1, tenant: 1 },
  ...over,
});
