import { describe, expect, it } from 'vitest';
import {
  confirmedRequests,
  NO_EVIDENCE,
  type RecordedDecision,
} from '../../src/domain/confirmation.ts';
import { metadataKeyOf } from '../../src/domain/metadata-key.ts';
import { minorUnits } from '../../src/domain/money.ts';

const LONG = `evt_${'a'.repeat(120)}z`;

describe('the metadata key of a request', () => {
  it('is its id', () => {
    expect(metadataKeyOf('evt_1')).toBe('evt_1');
    expect(metadataKeyOf('e'.repeat(40))).toBe('e'.repeat(40));
  });

  it('is made of both ends of an id that Stripe would not keep whole', () => {
    expect(metadataKeyOf('e'.repeat(41))).toHaveLength(40);
    expect(metadataKeyOf(LONG)).toBe(`evt_${'a'.repeat(15)}__${'a'.repeat(18)}z`);
  });

  it('confirms the decision on that request', () => {
    const decision: RecordedDecision = {
      requestId: LONG,
      approved: true,
      askedMinor: minorUnits(500),
      approvedMinor: minorUnits(500),
      surplus: { kind: 'none' },
      requestedS: 1_800_000_000,
      decidedS: 1_800_000_000,
    };
    const shown = { ...NO_EVIDENCE, metadataKeys: [metadataKeyOf(LONG)] };
    expect([...confirmedRequests([decision], shown)]).toEqual([LONG]);
    expect([...confirmedRequests([decision], { ...shown, metadataKeys: [] })]).toEqual([]);
  });
});
