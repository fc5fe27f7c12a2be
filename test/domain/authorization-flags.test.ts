import { describe, expect, it } from 'vitest';
import {
  type AuthorizationFlag,
  approvedTotal,
  clearedTotal,
  flagsOf,
  type Standing,
} from '../../src/domain/authorization-flags.ts';
import { type Evidence, NO_EVIDENCE } from '../../src/domain/confirmation.ts';
import type { Booked } from '../../src/domain/hold.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { AT_S, sampleDecision, sampleEntry, sampleView } from '../support/sample-books.ts';

let count = 0;
function booked(amount: number, over: Partial<Booked> = {}): Booked {
  count += 1;
  return {
    transactionId: `ipi_${count}`,
    type: 'capture',
    amountMinor: minorUnits(amount),
    createdS: AT_S + 60,
    ...over,
  };
}
const refund = (amount: number): Booked => booked(amount, { type: 'refund' });

/** An authorization of 1,000 that we approved and a view has shown. */
const standing = (over: Partial<Standing> = {}): Standing => ({
  newest: [sampleView()],
  decisions: [sampleDecision()],
  evidence: { ...NO_EVIDENCE, history: [sampleEntry(1_000)] },
  booked: [],
  ...over,
});
const ours = sampleDecision();
const declined = sampleDecision({ approved: false, requestId: 'evt_declined' });

describe('an authorization', () => {
  it.each<[string, Partial<Standing>, readonly AuthorizationFlag[]]>([
    ['as we approved it', {}, []],
    ['that is captured as approved', { booked: [booked(1_000)] }, []],
    ['approved by somebody else', { decisions: [] }, ['adopted']],
    ['approved though we declined', { decisions: [declined] }, ['approved_against_decision']],
    ['approved on the second try', { decisions: [declined, ours] }, []],
    ['declined by somebody else', { decisions: [], newest: [sampleView({ approved: false })] }, []],
    ['declined by us', { decisions: [declined], newest: [sampleView({ approved: false })] }, []],
    ['captured above its amount', { booked: [booked(1_001)] }, ['over_captured']],
    [
      'captured above, and given back',
      { booked: [booked(1_001), refund(1_001)] },
      ['over_captured'],
    ],
    [
      'captured twice with one amount',
      { booked: [booked(1_000), booked(1_000)] },
      ['over_captured', 'cleared_twice'],
    ],
    [
      'captured twice, where one was given back',
      { booked: [booked(1_000), booked(1_000), refund(1_000)] },
      ['over_captured'],
    ],
    [
      'captured twice, where all but a cent was given back',
      { booked: [booked(1_000), booked(1_000), refund(999)] },
      ['over_captured', 'cleared_twice'],
    ],
    ['captured twice within its amount', { booked: [booked(500), booked(500)] }, []],
    [
      'captured and refunded with one amount beyond the approval',
      { booked: [booked(2_000), refund(400), refund(400)] },
      ['over_captured'],
    ],
    [
      'captured in different parts above its amount',
      { booked: [booked(900), booked(800)] },
      ['over_captured'],
    ],
    ['reversed', { newest: [sampleView({ status: 'reversed' })] }, []],
    ['captured late', { newest: [sampleView({ status: 'expired' })], booked: [booked(1_000)] }, []],
    [
      'captured though it was declined',
      {
        decisions: [declined],
        newest: [sampleView({ approved: false, status: 'closed' })],
        booked: [booked(1)],
      },
      ['captured_while_declined'],
    ],
    [
      'not decided yet but captured',
      { decisions: [ours], newest: [sampleView({ approved: false })], booked: [booked(1)] },
      [],
    ],
    ['cleared unseen', { newest: [], decisions: [], booked: [booked(5)] }, ['cleared_unseen']],
    ['cleared before its first view, but decided', { newest: [], booked: [booked(5)] }, []],
    ['neither seen nor cleared', { newest: [], decisions: [] }, []],
    ['refunded as captured', { booked: [booked(5), refund(5)] }, []],
    [
      'refunded beyond what was captured',
      { booked: [booked(5), refund(6)] },
      ['refunded_beyond_capture'],
    ],
    [
      'whose views contradict each other',
      { newest: [sampleView({ amount: 999 }), sampleView()] },
      ['tied'],
    ],
  ])('%s', (_what, over, flags) => {
    expect(flagsOf(standing(over))).toEqual(flags);
  });
});

describe('a reversed authorization', () => {
  const evidence = { ...NO_EVIDENCE, history: [sampleEntry(1_000)], reversedS: AT_S + 100 };
  const flags = (...list: readonly Booked[]) =>
    flagsOf(standing({ newest: [sampleView({ status: 'reversed' })], evidence, booked: list }));
  const at = (createdS: number) => booked(5, { createdS });

  it('is no surprise for what was captured before its rest was reversed', () => {
    expect(flags(at(AT_S + 99))).toEqual([]);
  });

  it('is one for what is captured afterwards, as long as that is owed', () => {
    expect(flags(at(AT_S + 100))).toEqual(['captured_after_reversal']);
    expect(flags(at(AT_S + 99), at(AT_S + 101))).toEqual(['captured_after_reversal']);
    expect(flags(at(AT_S + 101), refund(4))).toEqual(['captured_after_reversal']);
    expect(flags(at(AT_S + 101), refund(5))).toEqual([]);
  });

  it('is none for a refund, nor while it is not known when it was reversed', () => {
    expect(flags(at(AT_S), booked(1, { type: 'refund', createdS: AT_S + 200 }))).toEqual([]);
    const known = { evidence: { ...evidence, reversedS: null }, booked: [at(AT_S + 200)] };
    const reversed = { newest: [sampleView({ status: 'reversed' })] };
    expect(flagsOf(standing({ ...reversed, ...known }))).toEqual([]);
  });

  it('is none once it was held again, whatever became of that', () => {
    const late = [at(AT_S + 101)];
    expect(flagsOf(standing({ evidence, booked: late }))).toEqual([]);
    const closed = (heldS: number) =>
      flagsOf(
        standing({
          newest: [sampleView({ status: 'closed' })],
          evidence: { ...evidence, heldS },
          booked: late,
        }),
      );
    expect(closed(AT_S + 101)).toEqual([]);
    expect(closed(AT_S + 100)).toEqual(['captured_after_reversal']);
  });
});

describe('what was held for a rate that may move', () => {
  const margin = { kind: 'margin', basisPoints: 300 } as const;
  const captured = (amount: number, decision: Parameters<typeof sampleDecision>[0]) =>
    flagsOf(standing({ decisions: [sampleDecision(decision)], booked: [booked(amount)] }));

  it('may be captured beside the approved amount', () => {
    expect(captured(1_030, { surplus: margin })).toEqual([]);
    expect(captured(1_031, { surplus: margin })).toEqual(['over_captured']);
  });

  it('is none of a fuel check, nor of a decline', () => {
    const fuel = { kind: 'fuel', holdMinor: minorUnits(5_000), validUntilS: AT_S } as const;
    expect(captured(1_001, { surplus: fuel })).toEqual(['over_captured']);
    const declinedToo = [ours, sampleDecision({ ...declined, surplus: margin })];
    expect(flagsOf(standing({ decisions: declinedToo, booked: [booked(1_001)] }))).toEqual([
      'over_captured',
    ]);
  });
});

describe('what was approved in all', () => {
  const history = [
    sampleEntry(1_000),
    sampleEntry(250, { approved: false }),
    sampleEntry(100),
  ] as const;
  const of = (evidence: Partial<Evidence>, over: Partial<Standing> = {}): number =>
    approvedTotal(standing({ evidence: { ...NO_EVIDENCE, ...evidence }, ...over }));

  it('is the sum of the approved answers', () => {
    expect(of({ history })).toBe(1_100);
  });

  it('is the amount of a view where that is larger', () => {
    expect(of({ history, authorizedMinor: minorUnits(1_101) })).toBe(1_101);
    expect(of({ history, authorizedMinor: minorUnits(1_099) })).toBe(1_100);
  });

  it('is the sum of captures or of refunds for what is cleared', () => {
    const list = [booked(5), refund(3), booked(7), refund(1)];
    expect(clearedTotal(list, 'capture')).toBe(12);
    expect(clearedTotal(list, 'refund')).toBe(4);
  });
});
