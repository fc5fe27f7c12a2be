/**
 * A fixed rate table, so that amounts in other currencies are the same in every run. The rates are round figures of
 * a plausible size and not market data.
 */
interface CurrencyFacts {
  /** Worth of one major unit in millionths of a US dollar. */
  readonly microUsd: number;
  /** Minor units of one major unit. */
  readonly minorPerMajor: number;
}

const CURRENCIES: Readonly<Record<string, CurrencyFacts>> = {
  aud: { microUsd: 660_000, minorPerMajor: 100 },
  cad: { microUsd: 730_000, minorPerMajor: 100 },
  chf: { microUsd: 1_120_000, minorPerMajor: 100 },
  dkk: { microUsd: 145_000, minorPerMajor: 100 },
  eur: { microUsd: 1_080_000, minorPerMajor: 100 },
  gbp: { microUsd: 1_270_000, minorPerMajor: 100 },
  jpy: { microUsd: 6_700, minorPerMajor: 1 },
  mxn: { microUsd: 55_000, minorPerMajor: 100 },
  nok: { microUsd: 94_000, minorPerMajor: 100 },
  pln: { microUsd: 250_000, minorPerMajor: 100 },
  sek: { microUsd: 95_000, minorPerMajor: 100 },
  usd: { microUsd: 1_000_000, minorPerMajor: 100 },
};

export const KNOWN_CURRENCIES: readonly string[] = Object.keys(CURRENCIES);

export const isKnownCurrency = (currency: string): boolean => Object.hasOwn(CURRENCIES, currency);

/** Minor units as a decimal number of major units, e.g. -1234 of usd as `-12.34`. Unknown currencies have cents. */
export function toMajorUnits(amount: number, currency: string): string {
  const minorPerMajor = CURRENCIES[currency]?.minorPerMajor ?? 100;
  const decimals = Math.round(Math.log10(minorPerMajor));
  return (amount / minorPerMajor).toFixed(decimals);
}

/** Minor units of `to` for one of `from`. */
export const exchangeRate = (currencies: { from: string; to: string }): number => {
  const from = factsOf(currencies.from);
  const to = factsOf(currencies.to);
  return (from.microUsd * to.minorPerMajor) / (to.microUsd * from.minorPerMajor);
};

const factsOf = (currency: string): CurrencyFacts =>
  CURRENCIES[currency] ?? { microUsd: 1_000_000, minorPerMajor: 100 };

/** Converts minor units of one currency into another's, rounded half up. Unknown currencies count as US dollars. */
export function convert(amount: number, currencies: { from: string; to: string }): number {
  if (currencies.from === currencies.to) return amount;
  const from = factsOf(currencies.from);
  const to = factsOf(currencies.to);
  const sign = Math.sign(amount);
  const worth =
    (Math.abs(amount) * from.microUsd * to.minorPerMajor) / (to.microUsd * from.minorPerMajor);
  return sign * Math.round(worth);
}
