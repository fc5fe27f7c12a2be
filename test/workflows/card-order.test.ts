/**
 * The same as test/domain/card-order.property.test.ts on the workflow itself: the facts of random stories, in random
 * order, with repeats and in random batches, end in the phase that the pure core says. The name of a test holds its seed.
 */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import { ended, endingOf } from '../support/card-driver.ts';
import { anyOrderOf, anyStory, isTooEarly, StoryStripe } from '../support/card-story.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { type CardWorld, stripeCardOf } from './card-world.ts';

const STORIES = 25;
const SEED = Math.trunc(Math.random() * 2 ** 31);
const BATCH_MAX = 3;

const ACTIONS: readonly CardAction[] = [
  'ensureVerification',
  'readVerification',
  'issueCard',
  'cancelPreviousCard',
  'activateCard',
  'readCard',
  'mirrorFreeze',
  'mirrorControls',
  'updateCardholder',
  'renewCard',
  'cancelAtStripe',
  'checkSettled',
];

let cards: CardEnvironment;
let world: CardWorld | undefined;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => (world === undefined ? undefined : cards.abandon(world.cardId)));

const told = fc.sample(
  anyStory.chain((story) =>
    fc.tuple(
      fc.constant(story),
      anyOrderOf(story),
      fc.array(fc.integer({ min: 1, max: BATCH_MAX })),
    ),
  ),
  { seed: SEED, numRuns: STORIES },
);

test.each(told.map((one, index) => [index, ...one] as const))(
  `story %i of seed ${SEED}`,
  async (_index, story, order, sizes) => {
    const card = await cards.requestedCard(story.type);
    world = card;
    const stripe = new StoryStripe(story);
    for (const action of ACTIONS) {
      card.answers[action] = () => stripe.answer(action, card.state, stripeCardOf);
    }
    await cards.workflows.start(card.cardId);
    const waiting = order.filter((fact) => isTooEarly(fact, []));
    await tellInBatches(
      card,
      order.filter((fact) => !isTooEarly(fact, [])),
      sizes,
    );
    // The relay holds back what is about a card that nobody knows yet.
    const hasEnded = () => card.state.phase === 'closed' || stripe.made.length > 0;
    await eventually(hasEnded, { timeoutMs: 10_000 });
    await tellInBatches(card, waiting, sizes);
    const { phase: wanted, live } = endingOf(story, order);
    await eventually(
      async () => {
        const { state } = card;
        if (state.phase === 'issuance' && state.step === 'await_address') {
          await cards.tell(card.cardId, { kind: 'shipping_corrected' });
        }
        // A first parcel may be on its way before it is heard that it came back.
        return ended(state.phase) === wanted && stripe.live.length === live.length;
      },
      { timeoutMs: 15_000, everyMs: 50 },
    );
    expect(stripe.live).toHaveLength(live.length);
  },
);

async function tellInBatches(
  card: CardWorld,
  facts: readonly CardFact[],
  sizes: readonly number[],
): Promise<void> {
  const rest = [...facts];
  for (let batch = 0; rest.length > 0; batch += 1) {
    await cards.tell(card.cardId, ...rest.splice(0, sizes[batch] ?? 1));
  }
}
