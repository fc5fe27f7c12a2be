/** What a new authorization is about in money: in the card's currency, and in the merchant's. */
import { invalidRequest, missingParameter } from '../http/failure.ts';
import type { PendingRequest } from '../machines/authorization.ts';
import { convert, exchangeRate, isKnownCurrency, KNOWN_CURRENCIES } from '../machines/exchange.ts';

interface AmountParameters {
  readonly amount: number | undefined;
  readonly currency: string | undefined;
  readonly merchant_amount: number | undefined;
  readonly merchant_currency: string | undefined;
}

type Amounts = Pick<PendingRequest, 'amount' | 'merchant_amount' | 'merchant_currency'>;

/**
 * The amount in the card's currency and in the merchant's. One of them is enough; both are taken as they are. An
 * `amount` with a `currency` other than the card's is the merchant's amount. Throws a 400 where the parameters
 * contradict each other.
 */
export function readAmounts(params: AmountParameters, cardCurrency: string): Amounts {
  const currency = readCurrency(params.currency, 'currency') ?? cardCurrency;
  const named = readCurrency(params.merchant_currency, 'merchant_currency');
  const foreign = currency !== cardCurrency;
  if (foreign && named !== undefined && named !== currency)
    throw contradiction('merchant_currency', `the currency (${currency}) is not the card's either`);
  const merchantCurrency = named ?? currency;
  const merchantAmount = params.merchant_amount ?? (foreign ? params.amount : undefined);
  if (params.amount !== undefined && merchantAmount !== undefined) {
    const isSame = foreign || merchantCurrency === cardCurrency;
    if (params.amount !== merchantAmount && (isSame || params.amount === 0))
      throw contradiction('merchant_amount', `the amount is ${params.amount} ${currency}`);
  }
  const own = foreign ? undefined : params.amount;
  if (own === undefined && merchantAmount === undefined) throw missingParameter('amount');
  const toMerchant = { from: cardCurrency, to: merchantCurrency };
  const toCard = { from: merchantCurrency, to: cardCurrency };
  return {
    amount: own ?? convert(merchantAmount ?? 0, toCard),
    merchant_amount: merchantAmount ?? convert(own ?? 0, toMerchant),
    merchant_currency: merchantCurrency,
  };
}

const contradiction = (param: string, why: string): Error =>
  invalidRequest(`The ${param} contradicts other parameters: ${why}.`, { param });

/** Units of the merchant's currency for one of the card's; what was asked for tells it, unless that is nothing. */
export const merchantRate = (request: PendingRequest): number =>
  request.amount === 0
    ? exchangeRate({ from: request.currency, to: request.merchant_currency })
    : request.merchant_amount / request.amount;

export function readCurrency(given: string | undefined, param: string): string | undefined {
  if (given === undefined) return undefined;
  const currency = given.toLowerCase();
  if (isKnownCurrency(currency)) return currency;
  throw invalidRequest(`Invalid currency: ${given}. Known here: ${KNOWN_CURRENCIES.join(', ')}`, {
    param,
  });
}
