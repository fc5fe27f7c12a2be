/**
 * A card's facts in any order and with repeats end in the same phase. The facts of a random story are told in two
 * orders to the pure core, driven as the workflow drives it, until the card rests; the deadlines after that are the same
 * for both, so a card that winds down has ended. What depends on time by nature is in docs/state-machines.md and in no
 * story here. PROPERTY_RUNS sets how many stories are told.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { transition } from '../../src/domain/card-state.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import {
  anyOrderOf,
  anyStory,
  type CardStory,
  isOfStripeCard,
  requestedFor,
  StoryStripe,
} from '../support/card-story.ts';

const { PROPERTY_RUNS: wantedRuns } = processEnvironment();
const RUNS = Number(wantedRuns ?? 2_000);
const NOW_MS = 1_800_000_000_000;
/** More steps than this without rest is a card that spins. */
const STEPS_MAX = 60;

const idOf = (attempt: number) => parseStripeCardId(`ic_${attempt}`);

class Driver {
  state: CardState;
  private readonly stripe: StoryStripe;
  /** Events of a Stripe card that nobody here knows yet: the relay keeps them until it is recorded. */
  private parked: CardFact[] = [];

  constructor(story: CardStory) {
    this.state = requestedFor(story, NOW_MS);
    this.stripe = new StoryStripe(story);
  }

  tell(fact: CardFact): void {
    if (this.isTooEarly(fact)) {
      this.parked.push(fact);
      return;
    }
    this.apply(fact);
    this.rest();
    for (const parked of this.parked.splice(0)) this.tell(parked);
  }

  /** Takes what steps there are, until the card waits or has ended. */
  rest(): void {
    for (let step = 0; ; step += 1) {
      if (step > STEPS_MAX) throw new Error(`a card in ${this.state.phase} never rests`);
      const next = nextStep(this.state);
      if (next.kind !== 'act') break;
      if (next.action === 'issueCard') this.apply({ kind: 'issuing_started' });
      this.apply(this.stripe.answer(next.action, this.state, idOf));
    }
  }

  /** Nobody can ask for the replacement of a card that is not made, nor see one at Stripe. */
  private isTooEarly(fact: CardFact): boolean {
    if (isOfStripeCard(fact)) return !this.stripe.made.includes(fact.stripeCardId);
    const isOfReplacement = fact.kind === 'replaced' || fact.kind === 'replacement_requested';
    return isOfReplacement && this.stripe.made.length === 0;
  }

  private apply(fact: CardFact): void {
    const outcome = transition(this.state, fact, NOW_MS);
    if (outcome.kind === 'moved') this.state = outcome.state;
  }
}

/** Where the card is once everything is told, the customer has corrected the address, and all windows have passed. */
function ending(story: CardStory, order: readonly CardFact[]): string {
  const driver = new Driver(story);
  driver.rest();
  for (const fact of order) driver.tell(fact);
  driver.tell({ kind: 'shipping_corrected' });
  const { phase } = driver.state;
  return phase === 'winding_down' ? 'closed' : phase;
}

test('the same facts in two orders, with repeats', () => {
  const phases = new Map<string, number>();
  fc.assert(
    fc.property(
      anyStory.chain((story) => fc.tuple(fc.constant(story), anyOrderOf(story), anyOrderOf(story))),
      ([story, first, second]) => {
        const phase = ending(story, first);
        phases.set(phase, (phases.get(phase) ?? 0) + 1);
        expect(ending(story, second)).toBe(phase);
        expect(ending(story, story.facts)).toBe(phase);
      },
    ),
    { numRuns: RUNS },
  );
  // The stories are worth telling only if they end differently.
  expect([...phases.keys()].toSorted()).toEqual(['active', 'awaiting_delivery', 'closed']);
});
