import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/domain/invariant.ts';
import {
  add,
  formatMoney,
  minorUnits,
  parseCurrency,
  shareRoundedUp,
  subtract,
} from '../../src/domain/money.ts';
import { currency } from '../support/sample-request.ts';

describe('minorUnits', () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s', (value) => {
    expect(() => minorUnits(value)).toThrow(InvariantError);
    expect(() => minorUnits(value)).toThrow(`${value} is not a whole number`);
  });

  it('refuses sums that leave the safe range instead of rounding them', () => {
    const most = minorUnits(Number.MAX_SAFE_INTEGER);
    expect(() => add(most, minorUnits(1))).toThrow(InvariantError);
    expect(() => subtract(minorUnits(-Number.MAX_SAFE_INTEGER), minorUnits(1))).toThrow(
      InvariantError,
    );
  });
});

describe('shareRoundedUp', () => {
  it('is never below the exact share and less than one unit above it', () => {
    fc.assert(
      fc.property(
        fc.nat(Number.MAX_SAFE_INTEGER),
        fc.integer({ min: 0, max: 10_000 }),
        (value, basisPoints) => {
          const share = BigInt(shareRoundedUp(minorUnits(value), basisPoints)) * 10_000n;
          const exact = BigInt(value) * BigInt(basisPoints);
          expect(share >= exact && share < exact + 10_000n).toBe(true);
        },
      ),
    );
  });
});

describe('formatMoney', () => {
  it.each([
    [1250, 'usd', '12.50 USD'],
    [-3, 'jpy', '-3 JPY'],
    [1234, 'kwd', '1.234 KWD'],
    [5, 'eur', '0.05 EUR'],
    [0, 'eur', '0.00 EUR'],
    [-5, 'kwd', '-0.005 KWD'],
  ])('prints %i %s as %s', (value, code, text) => {
    expect(formatMoney(minorUnits(value), currency(code))).toBe(text);
  });
});

describe('parseCurrency', () => {
  it.each(['USD', 'us', 'xxx', '', 'usdx'])('refuses "%s"', (text) => {
    expect(parseCurrency(text)).toBeUndefined();
  });
});
