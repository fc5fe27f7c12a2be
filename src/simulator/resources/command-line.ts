/** What the Stripe CLI calls and the API description does not know. */
import { find, type Operation, operation } from '../http/operation.ts';
import { nonNegative } from '../http/parameter.ts';
import { CARD } from '../world/kinds/issuing.ts';
import { AUTHORIZATION_PARAMETERS } from './authorization-creation.ts';
import { authorize } from './purchase-attempt.ts';

const { card: _named, ...PURCHASE } = AUTHORIZATION_PARAMETERS;

export const commandLineOperations: readonly Operation[] = [
  operation({
    method: 'POST',
    // `stripe trigger issuing_authorization.request` is made of it.
    path: '/v1/issuing/cards/{card}/test/authorizations',
    params: { ...PURCHASE, held_amount: nonNegative() },
    handle(call) {
      const { held_amount: held, ...purchase } = call.params;
      const { id } = find(call, CARD, call.id);
      return authorize(call, { ...purchase, card: id, amount: purchase.amount ?? held });
    },
  }),
];
