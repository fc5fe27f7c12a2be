/** Drives the pure core of a card as the workflow does: facts, then what the plan says, until the card rests. */
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardPhase, CardState } from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { transition } from '../../src/domain/card-state.ts';
import { parseStripeCardId, type StripeCardId } from '../../src/domain/ids.ts';
import { type CardStory, isTooEarly, requestedFor, StoryStripe } from './card-story.ts';

const NOW_MS = 1_800_000_000_000;
/** More steps than this without rest is a card that spins. */
const STEPS_MAX = 60;

const idOf = (attempt: number) => parseStripeCardId(`ic_${attempt}`);

class CardDriver {
  state: CardState;
  private readonly stripe: StoryStripe;
  /** Events of a Stripe card that nobody here knows yet: the relay keeps them until it is recorded. */
  private parked: CardFact[] = [];

  constructor(story: CardStory) {
    this.state = requestedFor(story, NOW_MS);
    this.stripe = new StoryStripe(story);
  }

  get live(): readonly StripeCardId[] {
    return this.stripe.live;
  }

  tell(fact: CardFact): void {
    if (isTooEarly(fact, this.stripe.made)) {
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

  private apply(fact: CardFact): void {
    const outcome = transition(this.state, fact, NOW_MS);
    if (outcome.kind === 'moved') this.state = outcome.state;
  }
}

/** Where the card is once everything is told, the customer has corrected the address, and all windows have passed. */
export function endingOf(
  story: CardStory,
  order: readonly CardFact[],
): { readonly phase: CardPhase; readonly live: readonly StripeCardId[] } {
  const driver = new CardDriver(story);
  driver.rest();
  for (const fact of order) driver.tell(fact);
  driver.tell({ kind: 'shipping_corrected' });
  return { phase: ended(driver.state.phase), live: driver.live };
}

/** A card that winds down has ended: the deadlines that follow are the same in any order. */
export const ended = (phase: CardPhase): CardPhase => (phase === 'winding_down' ? 'closed' : phase);
