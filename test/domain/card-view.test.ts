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

  it('follows a fetched view where events before it were lost, and the events after it, in any order', () => {
    const change = fc.record({ passS: fc.integer({ min: 0, max: 2 }), isStatus: fc.boolean() });
    const stories = fc
      .record({
        changes: fc.array(change, { minLength: 1, maxLength: 12 }),
        cut: fc.nat(12),
        lost: fc.array(fc.boolean(), { minLength: 13, maxLength: 13 }),
      })
      .chain(({ changes, cut, lost }) => {
        const { sightings, last } = tell(changes);
        const at = Math.min(cut, sightings.length - 1);
        const shown = sightings[at];
        if (shown === undefined) throw new Error('a story has a beginning');
        // Seconds of the story are doubled, so that the fetch has one of its own behind all events of its cut.
        const doubled = sightings.map((seen) => ({ ...seen, atS: seen.atS * 2 }));
        const before = doubled.filter((seen) => seen.atS <= shown.atS * 2);
        const after = doubled.filter((seen) => seen.atS > shown.atS * 2);
        const fetched: StatusSighting = {
          atS: shown.atS * 2 + 1,
          status: before.at(-1)?.status ?? 'inactive',
          previousStatus: null,
          source: 'fetched',
        };
        const told = [...before.filter((_, index) => lost[index] !== true), fetched, ...after];
        const all = { minLength: told.length, maxLength: told.length };
        return fc.record({ order: fc.shuffledSubarray(told, all), last: fc.constant(last) });
      });
    fc.assert(
      fc.property(stories, ({ order, last }) => {
        const history = order.reduce(addSighting, { base: 'inactive', sightings: [] } as const);
        expect(statusOf(history)).toBe(last);
      }),
      { numRuns: 500 },
    );
  });

  it('takes the word of an event before that of a view fetched in its second', () => {
    const fetched: StatusSighting = {
      atS: 5,
      status: 'active',
      previousStatus: null,
      source: 'fetched',
    };
    const event: StatusSighting = { atS: 5, status: 'inactive', previousStatus: 'active' };
    for (const sightings of [
      [fetched, event],
      [event, fetched],
    ]) {
      expect(statusOf({ base: 'active', sightings })).toBe('inactive');
    }
    expect(statusOf({ base: 'inactive', sightings: [fetched] })).toBe('active');
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
