/** The Issuing balance of managed programs, which the Dashboard and bank transfers fill at Stripe. */
import { invalidRequest } from '../http/failure.ts';
import { integer, required, text } from '../http/parameter.ts';
import { fundingBooking } from '../machines/issuing-balance.ts';
import { book } from '../resources/issuing-balance.ts';
import { readCurrency } from '../resources/purchase-amount.ts';
import { type Account, NO_CAUSE } from '../world/account.ts';
import { type ControlRoute, controlRoute, namedAccount } from './control-route.ts';

const PATH = '/_sim/accounts/{account}/balance';

/** No sum of so many amounts leaves the whole numbers that are exact. */
const AMOUNT_MAX = 1_000_000_000_000;

const show = ({ settings, balance }: Account): object => ({
  program: settings.program,
  balances: settings.program === 'managed' ? balance.show() : [],
});

export const balanceRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'GET',
    path: PATH,
    summary:
      'The Issuing balance by currency: what is available, and what open authorizations hold.',
    params: {},
    handle: (call) => show(namedAccount(call)),
  }),
  controlRoute({
    method: 'POST',
    path: PATH,
    summary: 'Tops the Issuing balance of a managed program up; an amount below zero is withdrawn.',
    params: {
      amount: required(integer({ min: -AMOUNT_MAX, max: AMOUNT_MAX })),
      currency: required(text()),
    },
    handle(call) {
      const account = namedAccount(call);
      const { world, params } = call;
      if (account.settings.program !== 'managed') {
        throw invalidRequest(
          "A processor-only program has no Issuing balance. Set the account's program to managed first.",
        );
      }
      const { amount } = params;
      const currency = readCurrency(params.currency, 'currency') ?? params.currency;
      const available = account.balance.available(currency);
      if (amount < 0 && available + amount < 0) {
        throw invalidRequest(`Only ${available} can be withdrawn.`, { param: 'amount' });
      }
      if (amount !== 0) {
        book({ world, account, cause: NO_CAUSE }, fundingBooking({ amount, currency }));
      }
      return show(account);
    },
  }),
];
