/** Where Stripe issues cards, and what follows from the place. Pure. */

/** The European Economic Area. */
const EEA: readonly string[] = [
  'AT',
  'BE',
  'BG',
  'CY',
  'CZ',
  'DE',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GR',
  'HR',
  'HU',
  'IE',
  'IS',
  'IT',
  'LI',
  'LT',
  'LU',
  'LV',
  'MT',
  'NL',
  'NO',
  'PL',
  'PT',
  'RO',
  'SE',
  'SI',
  'SK',
];
const EUROPEAN: readonly string[] = [...EEA, 'GB'];
const EUROPEAN_CURRENCIES: readonly string[] = ['chf', 'dkk', 'eur', 'gbp', 'nok', 'pln', 'sek'];

/**
 * Whether strong customer authentication applies to a card, which asks for the cardholder's phone. Stripe speaks of
 * "EU cards" and does not say how it tells; here the currency or the cardholder's country is enough.
 */
export const isEuropeanCard = (currency: string, country: string | null): boolean =>
  EUROPEAN_CURRENCIES.includes(currency) || (country !== null && EUROPEAN.includes(country));

/** Whether wallets take cards of cardholders in a country: where Stripe issues cards at all. */
export const hasWallets = (country: string | null): boolean =>
  country === 'US' || (country !== null && EUROPEAN.includes(country));
