import { describe, expect, it } from 'vitest';
import { adjustHold, capturePostings, move, netOf } from '../../src/domain/ledger.ts';
import { minorUnits } from '../../src/domain/money.ts';

const told = (postings: readonly { debit: string; credit: string; amountMinor: number }[]) =>
  postings.map(({ debit, credit, amountMinor }) => `${debit} → ${credit} ${amountMinor}`);

describe('move', () => {
  it('is one posting of an amount, and none of nothing', () => {
    expect(told(move('funding', 'available', minorUnits(1)))).toEqual(['funding → available 1']);
    expect(move('funding', 'available', minorUnits(0))).toEqual([]);
    expect(move('funding', 'available', minorUnits(-1))).toEqual([]);
  });
});

describe('a capture', () => {
  it.each([
    ['within the hold', 300, 500, 300, ['held → network_settlement 300']],
    ['of all of the hold', 500, 500, 500, ['held → network_settlement 500']],
    [
      'above the hold',
      700,
      500,
      500,
      ['held → network_settlement 500', 'available → network_settlement 200'],
    ],
    ['without a hold', 700, 0, 0, ['available → network_settlement 700']],
  ] as const)('%s takes what is held first', (...row) => {
    const [, amount, held, fromHeld, lines] = row;
    const capture = capturePostings(minorUnits(amount), minorUnits(held));
    expect(capture.fromHeldMinor).toBe(fromHeld);
    expect(told(capture.postings)).toEqual(lines);
  });
});

describe('adjustHold', () => {
  it.each([
    [100, 150, ['available → held 50']],
    [150, 100, ['held → available 50']],
    [100, 100, []],
  ])('brings what is held from %i to %i', (from, to, lines) => {
    expect(told(adjustHold(minorUnits(from), minorUnits(to)))).toEqual(lines);
  });
});

describe('netOf', () => {
  it('is what a list credits to an account less what it debits', () => {
    const postings = [
      ...move('available', 'held', minorUnits(100)),
      ...move('held', 'network_settlement', minorUnits(30)),
      ...move('held', 'available', minorUnits(7)),
    ];
    const kinds = ['available', 'held', 'network_settlement', 'funding'] as const;
    expect(kinds.map((kind) => netOf(postings, kind))).toEqual([-93, 63, 30, 0]);
    expect(netOf([], 'held')).toBe(0);
  });
});
