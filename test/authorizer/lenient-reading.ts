/**
 * What a request event says, read a second time and in another way than the product reads it: by paths, and with no more
 * care than JSON needs. It tells which answers are due.
 */
import type { AuthorizationRequest, Check } from '../../src/domain/authorization-request.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import { evaluate } from '../../src/domain/decision.ts';

/** `refused`: 400. `unanswerable`: a decline that is not recorded. Else whether the rules allow it, funds aside. */
export type Due = 'refused' | 'unanswerable' | 'decline' | 'approve';

const ID = /^\w{1,255}$/;

/** `profiles` by the ids of Stripe's cards. */
export function dueAnswer(event: unknown, profiles: ReadonlyMap<string, CardProfile>): Due {
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>(
        (value, name) =>
          Object(value) === value && !Array.isArray(value)
            ? (value as Record<string, unknown>)[name]
            : undefined,
        event,
      );
  const isThin = at('object') === 'v2.core.event';
  const isOurs = at('account') === undefined || at('account') === null;
  if (at('type') !== 'issuing_authorization.request' || isThin || !isOurs) return 'refused';
  const isId = (value: unknown): boolean => typeof value === 'string' && ID.test(value);
  if (!isId(at('id'))) return 'unanswerable';

  const card = at('data.object.card');
  const cardId = typeof card === 'string' ? card : at('data.object.card.id');
  const profile = typeof cardId === 'string' ? profiles.get(cardId) : undefined;
  const amount = at('data.object.pending_request.amount');
  const currency = at('data.object.pending_request.currency');
  const isAmount = Number.isInteger(amount) && Number(amount) >= 0 && Number(amount) < 10 ** 12;
  const isCurrency = typeof currency === 'string' && /^[a-z]{3}$/.test(currency);
  const isWhole = isId(at('data.object.id')) && isId(cardId) && isAmount && isCurrency;
  if (profile === undefined || !isWhole) return 'decline';
  const asked = { ...judged(at), currency, askedMinor: amount } as AuthorizationRequest;
  return evaluate(asked, profile).kind === 'ask_funds' ? 'approve' : 'decline';
}

/** What the rules look at, beyond the card and the amount. */
function judged(at: (path: string) => unknown) {
  const text = (path: string): string | null => {
    const value = at(path);
    return typeof value === 'string' ? value : null;
  };
  const check = (name: string): Check => {
    const value = text(`data.object.verification_data.${name}`) ?? '';
    return ['match', 'mismatch'].includes(value) ? (value as Check) : 'not_provided';
  };
  const threeDSecure = text('data.object.verification_data.three_d_secure.result') ?? 'none';
  const presence = text('data.object.card_presence');
  return {
    kind: 'readable',
    merchantCurrency: text('data.object.pending_request.merchant_currency') ?? '',
    merchant: {
      name: null,
      category: text('data.object.merchant_data.category') ?? '',
      categoryCode: text('data.object.merchant_data.category_code') ?? '',
      country: text('data.object.merchant_data.country'),
      networkId: text('data.object.merchant_data.network_id'),
    },
    cardPresence: presence === 'present' || presence === 'not_present' ? presence : null,
    isAmountControllable: at('data.object.pending_request.is_amount_controllable') === true,
    cashbackMinor: 0,
    atmFeeMinor: 0,
    cvcCheck: check('cvc_check'),
    expiryCheck: check('expiry_check'),
    postalCodeCheck: check('address_postal_code_check'),
    addressLine1Check: check('address_line1_check'),
    // Only `failed` and `required` are declined by the policy; every other word is as good as none.
    threeDSecure: ['failed', 'required'].includes(threeDSecure) ? threeDSecure : 'none',
    requestedS: 0,
  };
}
