import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/domain/invariant.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { type BalanceMove, checkLines, toLines } from '../../src/domain/statement.ts';

const move = (entryId: string, amount: number, balance: number): BalanceMove => ({
  entryId,
  amountMinor: minorUnits(amount),
  balanceMinor: minorUnits(balance),
});

describe('the lines of a statement', () => {
  it('are one for each entry, with its sum and the balance after its last posting', () => {
    const capture = [move('2', -70, 30), move('2', -50, -20)];
    expect(toLines([move('1', 100, 100), ...capture, move('3', 5, -15)])).toEqual([
      move('1', 100, 100),
      move('2', -120, -20),
      move('3', 5, -15),
    ]);
    expect(toLines([])).toEqual([]);
  });

  it('carry all else of the last posting of their entry', () => {
    const lines = toLines([
      { ...move('1', 1, 1), seq: 1 },
      { ...move('1', 2, 3), seq: 2 },
    ]);
    expect(lines).toEqual([{ ...move('1', 3, 3), seq: 2 }]);
  });
});

describe('the balances of a statement', () => {
  const check = (opening: number, lines: readonly BalanceMove[], closing: number | null) => () =>
    checkLines(minorUnits(opening), lines, closing === null ? null : minorUnits(closing));
  const lines = [move('1', 10, 15), move('2', -20, -5)];

  it('lead from the opening to the closing balance, or on to what follows', () => {
    expect(check(5, lines, -5)).not.toThrow();
    expect(check(5, lines, null)).not.toThrow();
    expect(check(5, [], 5)).not.toThrow();
  });

  it('that do not are a bug, named by the entry or by the end', () => {
    expect(check(6, lines, -5)).toThrow(InvariantError);
    expect(check(6, lines, -5)).toThrow('entry 1 does not lead to the balance after it');
    expect(check(5, [move('1', 10, 15), move('2', -20, -6)], null)).toThrow('entry 2');
    expect(check(5, lines, -4)).toThrow('a statement ends at -5 and not at its closing balance -4');
  });
});
