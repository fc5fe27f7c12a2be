import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/domain/invariant.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { type SurplusRule, surplusOf } from '../../src/domain/surplus.ts';

const held = (rule: SurplusRule, amount: number) => surplusOf(rule, minorUnits(amount));

describe('surplusOf', () => {
  it('is nothing without a rule', () => {
    expect(held({ kind: 'none' }, 5_000)).toBe(0);
  });

  it.each([
    [0, 0],
    [1, 1],
    [100, 3],
    [101, 4],
    [10_000, 300],
  ])('is three percent of %i, rounded up: %i', (amount, expected) => {
    expect(held({ kind: 'margin', basisPoints: 300 }, amount)).toBe(expected);
  });

  it.each([
    [100, 9_900],
    [9_999, 1],
    [10_000, 0],
    [12_000, 0],
  ])('fills %i up to the amount of a fuel check: %i', (amount, expected) => {
    const holdMinor = minorUnits(10_000);
    expect(held({ kind: 'fuel', holdMinor, validUntilS: 0 }, amount)).toBe(expected);
  });

  it('refuses a share of less than nothing', () => {
    const share = () => held({ kind: 'margin', basisPoints: 300 }, -1);
    expect(share).toThrow(InvariantError);
    expect(share).toThrow('from zero up');
  });
});
