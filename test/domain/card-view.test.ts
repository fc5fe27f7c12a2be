import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StripeCardStatus } from '../../src/domain/card-facts.ts';
import {
  addSighting,
  isFurther,
  type StatusSighting,
  statusOf,
} from '../../src/domain/card-view.ts';

interface Change {
  readonly passS: number;
  /** A change of status, or an event about something else. */
  readonly isStatus: boolean;
}

/** What Stripe tells of a card that is made inactive and then goes back and forth. */
function tell(changes: readonly Change[]): { sightings: StatusSighting[]; last: StripeCardStatus } {
  let status: StripeCardStatus = 'inactive';
  let atS = 1_800_000_000;
  const sightings: StatusSighting[] = [{ atS, status, previousStatus: null }];
  for (const { passS, isStatus } of changes) {
    atS += passS;
    const previousStatus: StripeCardStatus | null = isStatus ? status : null;
    if (isStatus) status = status === 'active' ? 'inactive' : 'active';
    sightings.push({ atS, status, previousStatus });
  }
  return { sightings, last: status };
}

describe('statusOf', () => {
  it('ends at the last status in any order of the events, also when all are of one second', () => {
    const change = fc.record({ passS: fc.integer({ min: 0, max: 2 }), isStatus: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }).chain((changes) => {
          const { sightings, last } = tell(changes);
          const all = { minLength: sightings.length, maxLength: sightings.length };
          return fc.record({ order: fc.shuffledSubarray(sightings, all), last: fc.constant(last) });
        }),
        ({ order, last }) => {
          const history = order.reduce(addSighting, { base: 'inactive', sightings: [] } as const);
          expect(statusOf(history)).toBe(last);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('remembers the status of what it has forgotten the events of', () => {
    const { sightings, last } = tell(
      Array.from({ length: 201 }, () => ({ passS: 1, isStatus: true })),
    );
    const history = sightings.reduce(addSighting, { base: 'inactive', sightings: [] } as const);
    expect(history.sightings.length).toBeLessThan(100);
    expect(statusOf(history)).toBe(last);
  });

  it('is cancelled for good', () => {
    const canceled: StatusSighting = { atS: 5, status: 'canceled', previousStatus: 'active' };
    const late: StatusSighting = { atS: 9, status: 'active', previousStatus: 'inactive' };
    expect(statusOf({ base: 'active', sightings: [canceled, late] })).toBe('canceled');
  });
});

describe('isFurther', () => {
  it('never goes back', () => {
    expect(isFurther('delivered', 'shipped')).toBe(true);
    expect(isFurther('shipped', 'delivered')).toBe(false);
    expect(isFurther('returned', 'delivered')).toBe(true);
  });
});
