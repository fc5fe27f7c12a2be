/**
 * A card's facts in any order and with repeats end in the same phase. The facts of a random story are told in two
 * orders to the pure core, driven as the workflow drives it, until the card rests; the deadlines after that are the same
 * for both, so a card that winds down has ended. What depends on time by nature is in docs/state-machines.md and in no
 * story here. PROPERTY_RUNS sets how many stories are told.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { processEnvironment } from '../../src/platform/config.ts';
import { endingOf } from '../support/card-driver.ts';
import { anyOrderOf, anyStory } from '../support/card-story.ts';

const { PROPERTY_RUNS: wantedRuns } = processEnvironment();
const RUNS = Number(wantedRuns ?? 2_000);

test('the same facts in two orders, with repeats', () => {
  const phases = new Map<string, number>();
  fc.assert(
    fc.property(
      anyStory.chain((story) => fc.tuple(fc.constant(story), anyOrderOf(story), anyOrderOf(story))),
      ([story, first, second]) => {
        const ending = endingOf(story, first);
        const { phase, live } = ending;
        phases.set(phase, (phases.get(phase) ?? 0) + 1);
        expect(endingOf(story, second)).toEqual(ending);
        expect(endingOf(story, story.facts)).toEqual(ending);
        // One live card at Stripe, and none of a card that has ended.
        expect(live).toHaveLength(phase === 'closed' || phase === 'kyc' ? 0 : 1);
      },
    ),
    { numRuns: RUNS },
  );
  // The stories are worth telling only if they end differently.
  expect([...phases.keys()].toSorted()).toEqual(['active', 'awaiting_delivery', 'closed']);
});
