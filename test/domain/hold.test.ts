/** How much is held for an authorization, and how much it counts towards limits: one situation at a time. */
import { describe, expect, it } from 'vitest';
import type { AuthorizationSnapshot } from '../../src/domain/authorization-state.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../src/domain/confirmation.ts';
import { type Booked, type HoldInput, holdOf } from '../../src/domain/hold.ts';
import { parseTransactionId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import type { SurplusRule } from '../../src/domain/surplus.ts';
import { AT_S, NOW_S, sampleDecision, sampleEntry, sampleView } from '../support/sample-books.ts';

const booked = (id: string, amount: number, type: Booked['type'] = 'capture'): Booked => ({
  transactionId: id,
  type,
  amountMinor: minorUnits(amount),
  createdS: AT_S + 60,
});
const listed = (id: string, amount: number | null = null) => ({
  transactionId: parseTransactionId(id),
  amountMinor: amount === null ? null : minorUnits(amount),
});

function hold(over: Partial<HoldInput>): { held: number; counted: number } {
  const { heldMinor, countedMinor } = holdOf({
    newest: [],
    decisions: [],
    evidence: NO_EVIDENCE,
    booked: [],
    reading: 'unknown',
    nowS: NOW_S,
    ...over,
  });
  return { held: heldMinor, counted: countedMinor };
}
const shown = (
  view: Parameters<typeof sampleView>[0],
  over: Partial<HoldInput> = {},
): { held: number; counted: number } => hold({ newest: [sampleView(view)], ...over });

describe('before any view', () => {
  it('our approvals are held and count, our declines do not', () => {
    const decisions = [
      sampleDecision({ requestId: 'evt_1', amount: 1_000 }),
      sampleDecision({ requestId: 'evt_2', amount: 200 }),
      sampleDecision({ requestId: 'evt_3', amount: 50, approved: false }),
    ];
    expect(hold({ decisions })).toEqual({ held: 1_200, counted: 1_200 });
  });

  it('a capture takes from what was approved, and never more than that', () => {
    const decisions = [sampleDecision({ amount: 1_000 })];
    expect(hold({ decisions, booked: [booked('ipi_1', 400)] })).toEqual({
      held: 600,
      counted: 1_000,
    });
    expect(hold({ decisions, booked: [booked('ipi_1', 1_500)] })).toEqual({
      held: 0,
      counted: 1_500,
    });
    // A capture above the first approval may be older than the second: of that it frees nothing.
    const increment = sampleDecision({ requestId: 'evt_2', amount: 200, requestedS: AT_S + 60 });
    for (const both of [
      [...decisions, increment],
      [increment, ...decisions],
    ]) {
      expect(hold({ decisions: both, booked: [booked('ipi_1', 1_500)] })).toEqual({
        held: 200,
        counted: 1_700,
      });
    }
    const given = [booked('ipi_1', 400), booked('ipi_2', 400, 'refund')];
    expect(hold({ decisions, booked: given })).toEqual({ held: 600, counted: 1_000 });
  });
});

describe('a view', () => {
  it('speaks for the decisions that it shows, and the others are held on top', () => {
    const own = sampleDecision({ requestId: 'evt_1', amount: 1_000 });
    const later = sampleDecision({ requestId: 'evt_2', amount: 200, requestedS: AT_S + 100 });
    const history = [sampleEntry(1_000)];
    const evidence = { ...NO_EVIDENCE, history };
    expect(shown({}, { decisions: [own], evidence }).held).toBe(1_000);
    expect(shown({}, { decisions: [own, later], evidence })).toEqual({
      held: 1_200,
      counted: 1_200,
    });
  });

  it.each(['closed', 'reversed', 'expired'] as const)('that is %s leaves nothing', (status) => {
    expect(shown({ status })).toEqual({ held: 0, counted: 0 });
  });

  it('that is declined leaves nothing, whatever its amount', () => {
    expect(shown({ approved: false })).toEqual({ held: 0, counted: 0 });
  });

  it('does not know of a capture that it does not list: it is taken from what is left', () => {
    expect(shown({}, { booked: [booked('ipi_new', 300)] })).toEqual({ held: 700, counted: 1_000 });
    expect(shown({}, { booked: [booked('ipi_new', 1_300)] })).toEqual({ held: 0, counted: 1_300 });
    expect(shown({}, { booked: [booked('ipi_new', 300, 'refund')] }).held).toBe(1_000);
  });

  it('keeps on top what was approved since, whatever an unlisted capture takes', () => {
    const later = sampleDecision({ amount: 200, requestedS: AT_S + 100 });
    const evidence = { ...NO_EVIDENCE, history: [sampleEntry(1_000)] };
    const capture = [booked('ipi_new', 1_300)];
    expect(shown({}, { decisions: [later], evidence, booked: capture })).toEqual({
      held: 200,
      counted: 1_500,
    });
  });

  it('that contradicts another of its rank: the larger hold stands', () => {
    const newest = [sampleView({ amount: 300 }), sampleView({ amount: 500 })];
    expect(hold({ newest })).toEqual({ held: 500, counted: 500 });
    expect(hold({ newest: newest.toReversed() }).held).toBe(500);
  });
});

describe('a partly captured authorization', () => {
  const captured = (amount: number, reading: HoldInput['reading']) =>
    shown(
      { amount, captures: [listed('ipi_1', 400)], history: [sampleEntry(1_000)] },
      { booked: [booked('ipi_1', 400)], reading },
    );

  it('holds what is left by the reading of the tenant', () => {
    expect(captured(1_000, 'stays')).toEqual({ held: 600, counted: 1_000 });
    expect(captured(600, 'shrinks')).toEqual({ held: 600, counted: 1_000 });
    // Partly reversed too, or shown by the other reading: the tenant's word counts.
    expect(captured(600, 'stays')).toEqual({ held: 200, counted: 600 });
    expect(captured(1_000, 'shrinks')).toEqual({ held: 1_000, counted: 1_400 });
  });

  it('is read as unshrunk where more would be left than was ever approved', () => {
    expect(captured(1_000, 'unknown').held).toBe(600);
    expect(captured(601, 'unknown').held).toBe(201);
  });

  it('is held at the larger amount where both readings fit', () => {
    expect(captured(600, 'unknown').held).toBe(600);
    expect(captured(500, 'unknown').held).toBe(500);
  });

  it('whose final amount was raised is measured by that', () => {
    const evidence = { ...NO_EVIDENCE, authorizedMinor: minorUnits(1_500) };
    const view = { amount: 1_100, captures: [listed('ipi_1', 400)], history: [sampleEntry(1_000)] };
    const books = [booked('ipi_1', 400)];
    expect(shown(view, { booked: books, evidence }).held).toBe(1_100);
    expect(shown({ ...view, amount: 1_101 }, { booked: books, evidence }).held).toBe(701);
  });

  it('above the hold leaves what was approved later untouched', () => {
    const history = [sampleEntry(1_000), sampleEntry(500, { createdS: AT_S + 60 })];
    const evidence = { ...NO_EVIDENCE, history };
    const above = (amount: number, reading: HoldInput['reading'], total = 1_200) =>
      shown(
        { amount, captures: [listed('ipi_1', total)], history },
        { booked: [booked('ipi_1', total)], evidence, reading },
      ).held;
    expect(above(1_500, 'stays')).toBe(500);
    expect(above(500, 'shrinks')).toBe(500);
    expect(above(1_500, 'unknown')).toBe(500);
    expect(above(500, 'unknown')).toBe(500);
    // Reversed down to less than what was approved later: no more is left than that.
    expect(above(300, 'stays')).toBe(300);
    // Within the first approval nothing of this is asked.
    expect(above(1_500, 'stays', 700)).toBe(800);
  });

  it('counts a capture at the amount that the view tells, though it is not on the books', () => {
    expect(shown({ captures: [listed('ipi_1', 300)] }, { reading: 'stays' }).held).toBe(700);
  });

  it('never holds less than nothing when more was captured than its amount', () => {
    const view = { amount: 300, captures: [listed('ipi_1', 400)] };
    expect(shown(view, { booked: [booked('ipi_1', 400)], reading: 'stays' }).held).toBe(0);
  });
});

describe('a capture that a view lists by its id only', () => {
  const view: Parameters<typeof sampleView>[0] = {
    status: 'closed',
    captures: [listed('ipi_1', 300), listed('ipi_2')],
    history: [sampleEntry(1_000), sampleEntry(50, { approved: false })],
  };

  it('keeps its part of the hold until it is booked, also when the authorization has ended', () => {
    expect(shown(view, { booked: [booked('ipi_1', 300)] })).toEqual({ held: 700, counted: 1_000 });
    const books = [booked('ipi_1', 300), booked('ipi_2', 500)];
    expect(shown(view, { booked: books })).toEqual({ held: 0, counted: 800 });
  });

  it('is measured by a final amount that is larger than the answers', () => {
    const evidence = { ...NO_EVIDENCE, authorizedMinor: minorUnits(1_200) };
    expect(shown(view, { booked: [booked('ipi_1', 300)], evidence }).held).toBe(900);
  });

  it('holds nothing where more was captured already than was approved', () => {
    const over = { ...view, captures: [listed('ipi_1', 1_300), listed('ipi_2')] };
    expect(shown(over, { booked: [booked('ipi_1', 1_300)] }).held).toBe(0);
  });

  it('is taken at its booked amount while the authorization is pending', () => {
    const pending = { captures: [listed('ipi_1')], amount: 1_000 };
    const capture = [booked('ipi_1', 400)];
    expect(shown(pending, { booked: capture, reading: 'stays' }).held).toBe(600);
  });

  it('takes nothing when it turns out to be a refund', () => {
    const pending = { captures: [listed('ipi_1')], amount: 1_000 };
    const refund = [booked('ipi_1', 400, 'refund')];
    expect(shown(pending, { booked: refund, reading: 'stays' }).held).toBe(1_000);
  });
});

describe('the surplus', () => {
  const margin: SurplusRule = { kind: 'margin', basisPoints: 300 };
  const fuel: SurplusRule = { kind: 'fuel', holdMinor: minorUnits(10_000), validUntilS: NOW_S + 1 };
  const of = (surplus: SurplusRule, amount: number, over: Partial<RecordedDecision> = {}) =>
    sampleDecision({ requestId: `evt_${amount}`, surplus, amount, ...over });

  it('is a margin on what is left, and no part of what counts', () => {
    const decisions = [of(margin, 1_000)];
    expect(hold({ decisions })).toEqual({ held: 1_030, counted: 1_000 });
    const part = [booked('ipi_1', 900)];
    expect(hold({ decisions, booked: part })).toEqual({ held: 103, counted: 1_000 });
    expect(hold({ decisions, booked: [booked('ipi_1', 1_000)] }).held).toBe(0);
  });

  it('never grows beyond what the decisions together have checked', () => {
    const evidence = { ...NO_EVIDENCE, history: [sampleEntry(1_000)] };
    const raised = { decisions: [of(margin, 1_000)], evidence };
    expect(shown({ amount: 5_000 }, raised).held).toBe(5_030);
  });

  it('is nothing on top of nothing, as for a check of the account', () => {
    const check = of({ kind: 'fuel', holdMinor: minorUnits(100), validUntilS: NOW_S + 1 }, 0);
    expect(hold({ decisions: [check] })).toEqual({ held: 0, counted: 0 });
  });

  it('is the largest of the rules of our approvals', () => {
    const smaller: SurplusRule = { kind: 'margin', basisPoints: 100 };
    const decisions = [of(smaller, 500), of(margin, 1_000), of({ kind: 'none' }, 500)];
    // 3 % of 2,000 would be 60, but only 5 and 30 have been checked.
    expect(hold({ decisions }).held).toBe(2_035);
  });

  it('follows our approvals only: a decline has checked nothing', () => {
    const one: SurplusRule = { kind: 'margin', basisPoints: 100 };
    const declined = of(margin, 1_001, { approved: false });
    const half = [booked('ipi_1', 500)];
    expect(hold({ decisions: [of(one, 1_000), declined], booked: half }).held).toBe(505);
  });

  it('of a fuel check fills up to its amount while the pump may run', () => {
    expect(hold({ decisions: [of(fuel, 100)] })).toEqual({ held: 10_000, counted: 100 });
    const until = (validUntilS: number) => hold({ decisions: [of({ ...fuel, validUntilS }, 100)] });
    expect(until(NOW_S).held).toBe(100);
    expect(until(NOW_S + 1).held).toBe(10_000);
    expect(until(NOW_S - 1).held).toBe(100);
  });

  it('of a fuel check ends with the true amount: another amount, or a capture', () => {
    const evidence = { ...NO_EVIDENCE, history: [sampleEntry(100)] };
    const after = (view: AuthorizationSnapshot, books: readonly Booked[] = []) =>
      hold({ newest: [view], decisions: [of(fuel, 100)], evidence, booked: books }).held;
    expect(after(sampleView({ amount: 100 }))).toBe(10_000);
    expect(after(sampleView({ amount: 4_200 }))).toBe(4_200);
    expect(after(sampleView({ amount: 100 }), [booked('ipi_1', 30, 'refund')])).toBe(100);
  });
});
