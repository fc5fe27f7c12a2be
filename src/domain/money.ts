/**
 * Money is an integer count of minor units (cents, yen, fils) with a currency. Minor units are a branded safe
 * integer: Stripe sends numbers, JSON carries them, and Temporal's converter refuses bigint. The range is
 * ±9.007e15 minor units; every operation checks that it stays inside.
 */
import { invariant } from './invariant.ts';

declare const minorBrand: unique symbol;
declare const currencyBrand: unique symbol;

export type MinorUnits = number & { readonly [minorBrand]: true };
/** Lower-case ISO 4217 code, as Stripe writes it. */
export type Currency = string & { readonly [currencyBrand]: true };

export const ZERO = 0 as MinorUnits;

/** @throws InvariantError when the number is not a safe integer. */
export function minorUnits(value: number): MinorUnits {
  invariant(Number.isSafeInteger(value), `${value} is not a whole number of minor units`);
  return (value === 0 ? 0 : value) as MinorUnits;
}

export const add = (...values: readonly MinorUnits[]): MinorUnits =>
  minorUnits(values.reduce<number>((sum, value) => sum + value, 0));

export const subtract = (from: MinorUnits, value: MinorUnits): MinorUnits =>
  minorUnits(from - value);
export const smaller = (a: MinorUnits, b: MinorUnits): MinorUnits => (a < b ? a : b);
export const larger = (a: MinorUnits, b: MinorUnits): MinorUnits => (a > b ? a : b);
/** `value`, or 0 when it is negative. */
export const atLeastZero = (value: MinorUnits): MinorUnits => larger(value, ZERO);

const BASIS_POINTS = 10_000n;

/** The share of `value` in basis points, rounded up, so that a margin is never below the share asked for. */
export function shareRoundedUp(value: MinorUnits, basisPoints: number): MinorUnits {
  invariant(value >= 0, 'a share is taken of amounts from zero up');
  const product = BigInt(value) * BigInt(basisPoints);
  return minorUnits(Number((product + BASIS_POINTS - 1n) / BASIS_POINTS));
}

/** Digits after the decimal point where it is not two (ISO 4217, with Stripe's zero-decimal list). */
const EXPONENTS: Readonly<Record<string, number>> = {
  bif: 0,
  clp: 0,
  djf: 0,
  gnf: 0,
  jpy: 0,
  kmf: 0,
  krw: 0,
  mga: 0,
  pyg: 0,
  rwf: 0,
  vnd: 0,
  vuv: 0,
  xaf: 0,
  xof: 0,
  xpf: 0,
  bhd: 3,
  jod: 3,
  kwd: 3,
  omr: 3,
  tnd: 3,
};

/** Currencies an account may be kept in: every one the JavaScript runtime of a card program may meet. */
const TWO_DECIMAL =
  'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw';
const KNOWN = new Set([...TWO_DECIMAL.split(' '), ...Object.keys(EXPONENTS)]);

/** The currency, or undefined when nobody mints it. Accepts lower case only, as Stripe sends it. */
export function parseCurrency(text: string): Currency | undefined {
  return KNOWN.has(text) ? (text as Currency) : undefined;
}

const currencyExponent = (currency: Currency): number => EXPONENTS[currency] ?? 2;

/** A decimal number, e.g. `12.50`, `-3`, `1.234`, with as many digits as the currency has. */
export function formatDecimal(value: MinorUnits, currency: Currency): string {
  const exponent = currencyExponent(currency);
  const digits = String(Math.abs(value)).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent === 0 ? '' : `.${digits.slice(digits.length - exponent)}`;
  return `${value < 0 ? '-' : ''}${whole}${fraction}`;
}

/** Text for people, e.g. `12.50 USD`, `-3 JPY`, `1.234 KWD`. */
export const formatMoney = (value: MinorUnits, currency: Currency): string =>
  `${formatDecimal(value, currency)} ${currency.toUpperCase()}`;
