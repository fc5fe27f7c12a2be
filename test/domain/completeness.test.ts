import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CATCH_UP_OVERLAP_S,
  compareSets,
  DAY_S,
  type DayKnown,
  dayStateOf,
  EVENTS_LISTED_S,
  planCatchUp,
} from '../../src/domain/completeness.ts';

const NOW_S = 1_795_000_000;
/** Left to the deliveries. */
const SETTLES_S = 10;

describe('planCatchUp', () => {
  it('reads on from the watermark, with an overlap', () => {
    expect(planCatchUp(NOW_S - 600, NOW_S)).toEqual({
      unprovable: null,
      windows: [{ fromS: NOW_S - 600 - CATCH_UP_OVERLAP_S, toS: NOW_S - SETTLES_S }],
    });
  });

  it('reads a long absence a day at a time', () => {
    const { windows } = planCatchUp(NOW_S - 3 * DAY_S, NOW_S);
    expect(windows).toHaveLength(4);
  });

  it('says what is no longer listed, and reads what is', () => {
    const { unprovable, windows } = planCatchUp(NOW_S - 40 * DAY_S, NOW_S);
    const horizonS = NOW_S - EVENTS_LISTED_S;
    expect(unprovable).toEqual({ fromS: NOW_S - 40 * DAY_S, toS: horizonS });
    expect(windows[0]?.fromS).toBe(horizonS);
  });

  it('leaves no second between the watermark and the end unread and unnamed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * DAY_S }), (behindS) => {
        const watermarkS = NOW_S - behindS;
        const { unprovable, windows } = planCatchUp(watermarkS, NOW_S);
        let reachedS = watermarkS;
        for (const { fromS, toS } of unprovable === null ? windows : [unprovable, ...windows]) {
          expect(fromS).toBeLessThanOrEqual(reachedS);
          expect(toS).toBeGreaterThan(fromS);
          reachedS = Math.max(reachedS, toS);
        }
        expect(reachedS).toBe(Math.max(watermarkS, NOW_S - SETTLES_S));
      }),
    );
  });

  it('begins at now where the clock went back', () => {
    const { windows } = planCatchUp(NOW_S + DAY_S, NOW_S);
    expect(windows.at(-1)?.toS).toBe(NOW_S - SETTLES_S);
  });
});

describe('compareSets', () => {
  it('names what either side lacks', () => {
    expect(compareSets(new Set(['a', 'b']), new Set(['b', 'c']))).toEqual({
      missing: ['a'],
      unknown: ['c'],
    });
  });
});

describe('dayStateOf', () => {
  const known: DayKnown = { isWhole: false, isUnprovable: false, isEqual: true, wasOver: true };
  it.each([
    ['whole', { isWhole: true, isUnprovable: true }],
    ['unprovable', { isUnprovable: true }],
    ['unchecked', { isEqual: null }],
    ['running', { wasOver: false }],
    ['open', { isEqual: false }],
    ['open', { isEqual: false, wasOver: false }],
  ] as const)('is %s for %o', (state, changes) => {
    expect(dayStateOf({ ...known, ...changes })).toBe(state);
  });
});
