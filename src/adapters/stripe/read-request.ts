/** The real-time request, read into the domain's words. */
import type { AuthorizationRequest, Check } from '../../domain/decision.ts';
import { parseAuthorizationId, parseStripeCardId } from '../../domain/ids.ts';
import { minorUnits, ZERO } from '../../domain/money.ts';
import { readCurrency, readMerchant } from './authorization-reader.ts';
import {
  flagAt,
  idAt,
  integerAt,
  type Json,
  objectAt,
  optionalObject,
  optionalText,
  textAt,
} from './wire.ts';

/** @throws UnreadableEventError naming the field that is missing or of another type. */
export function readAuthorizationRequest(event: Json): AuthorizationRequest {
  const authorization = objectAt(objectAt(event, 'data'), 'object');
  const pending = objectAt(authorization, 'pending_request');
  const verification = optionalObject(authorization, 'verification_data') ?? {};
  const details = optionalObject(pending, 'amount_details') ?? {};
  const cashback = details['cashback_amount'];
  const threeDSecure = optionalObject(verification, 'three_d_secure');
  const presence = optionalText(authorization, 'card_presence');
  return {
    requestId: textAt(event, 'id'),
    authorizationId: parseAuthorizationId(textAt(authorization, 'id')),
    stripeAccount: optionalText(event, 'account'),
    stripeCardId: parseStripeCardId(idAt(authorization, 'card')),
    currency: readCurrency(pending, 'currency'),
    askedMinor: minorUnits(integerAt(pending, 'amount')),
    merchantCurrency: textAt(pending, 'merchant_currency'),
    merchant: readMerchant(authorization),
    cardPresence: presence === 'present' || presence === 'not_present' ? presence : null,
    isAmountControllable: flagAt(pending, 'is_amount_controllable'),
    cashbackMinor: Number.isSafeInteger(cashback) ? minorUnits(Number(cashback)) : ZERO,
    cvcCheck: check(verification, 'cvc_check'),
    expiryCheck: check(verification, 'expiry_check'),
    postalCodeCheck: check(verification, 'address_postal_code_check'),
    threeDSecure: threeDSecure === null ? null : optionalText(threeDSecure, 'result'),
    requestedS: integerAt(event, 'created'),
  };
}

function check(verification: Json, name: string): Check {
  const value = verification[name];
  return value === 'match' || value === 'mismatch' ? value : 'not_provided';
}
