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
import { sampleDecision, sampleEntry, sampleView } from '../support/sample-books.ts';

let count = 0;
function booked(amount: number, type: Booked['type'] = 'capture'): Booked {
  count += 1;
  return { transactionId: `ipi_${count}`, type, amountMinor: minorUnits(amount) };
}
const refund = (amount: number): Booked => booked(amount, 'refund');

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
      { booked: [booked(1_500), refund(400), refund(400)] },
      ['over_captured'],
    ],
    [
      'captured in different parts above its amount',
      { booked: [booked(900), booked(800)] },
      ['over_captured'],
    ],
    [
      'captured though it was reversed',
      { newest: [sampleView({ status: 'reversed' })], booked: [booked(1)] },
      ['captured_after_reversal'],
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
