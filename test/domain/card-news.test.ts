/** Leaving out sightings that are no news changes nothing for the card, in whichever order events come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CardFact, ShippingStatus, StripeCardStatus } from '../../src/domain/card-facts.ts';
import { statusesToTell } from '../../src/domain/card-news.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import { transition } from '../../src/domain/card-state.ts';
import {
  addSighting,
  isFurther,
  type StatusHistory,
  statusOf,
} from '../../src/domain/card-view.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import type { CardSighting } from '../../src/domain/sighting.ts';

const stripeCardId = parseStripeCardId('ic_1');

/** One change at Stripe, or an event that shows the card as it is. */
type Change = StripeCardStatus | ShippingStatus | 'nothing';

interface Step {
  readonly change: Change;
  /** Seconds since the event before: several may fall into one. */
  readonly afterS: number;
}

const TRACK: readonly ShippingStatus[] = ['submitted', 'shipped', 'delivered', 'returned'];

/** The events of a card to which the changes happen one after the other; nothing happens to a cancelled one. */
function eventsOf(steps: readonly Step[]): readonly CardSighting[] {
  let status: StripeCardStatus = 'inactive';
  let shippingStatus: ShippingStatus = 'pending';
  let atS = 100;
  const events: CardSighting[] = [];
  for (const { change, afterS } of steps) {
    if (status === 'canceled') break;
    atS += afterS;
    const before: StripeCardStatus = status;
    if (change === 'active' || change === 'inactive' || change === 'canceled') status = change;
    else if (change !== 'nothing') shippingStatus = change;
    events.push({
      kind: 'card',
      source: 'event',
      stripeCardId,
      atS,
      status,
      previousStatus: before === status ? null : before,
      cancellationReason: null,
      last4: '4242',
      expMonth: 12,
      expYear: 2030,
      shippingStatus,
      carrier: null,
      trackingNumber: null,
      trackingUrl: null,
      fraudWarning: null,
      etaS: null,
    });
  }
  return events;
}

const moved = (state: CardState, fact: CardFact): CardState => {
  const outcome = transition(state, fact, 1_000);
  return outcome.kind === 'moved' ? outcome.state : state;
};

const created = moved(moved(requestedCard('physical', 0), { kind: 'identity_verified' }), {
  kind: 'card_created',
  stripeCardId,
  status: 'inactive',
  shippingStatus: 'pending',
});

/** The card after the events, in the order of their arrival, and how many of them it was told. */
function told(events: readonly CardSighting[], all: boolean) {
  let state = created;
  let count = 0;
  let history: StatusHistory = { base: 'inactive', sightings: [] };
  let shipping: ShippingStatus = 'pending';
  for (const seen of events) {
    const known = { ...seen, status: statusOf(history) };
    history = addSighting(history, seen);
    const isFurtherOn = seen.shippingStatus !== null && isFurther(seen.shippingStatus, shipping);
    if (isFurtherOn && seen.shippingStatus !== null) shipping = seen.shippingStatus;
    const after = { status: statusOf(history), isFurtherOn };
    const statuses = all ? [seen.status] : statusesToTell(known, seen, after);
    for (const status of statuses) {
      count += 1;
      const isOwn = status === seen.status;
      const shippingStatus = isOwn ? seen.shippingStatus : null;
      const fact = { kind: 'card_seen', source: 'event', cancellationReason: null } as const;
      state = moved(state, { ...fact, stripeCardId, status, shippingStatus });
    }
  }
  return { state, count };
}

/** As it stands once Stripe was asked, where the card wants that. */
function settled(state: CardState, last: CardSighting | undefined) {
  const step = nextStep(state);
  const { status = 'inactive', shippingStatus = null } = last ?? {};
  const fetched: CardFact = {
    kind: 'card_seen',
    source: 'fetched',
    stripeCardId,
    status,
    cancellationReason: null,
    shippingStatus,
  };
  const end = step.kind === 'act' && step.action === 'readCard' ? moved(state, fetched) : state;
  return { phase: end.phase, drifted: end.phase === 'active' && end.drifted };
}

const steps = fc.array(
  fc.record({
    change: fc.constantFrom<Change>(
      'active',
      'inactive',
      'canceled',
      'nothing',
      'nothing',
      ...TRACK,
    ),
    afterS: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 10 },
);

describe('news of a card', () => {
  it('left out makes no difference, whatever the order of arrival', () => {
    fc.assert(
      fc.property(
        steps.chain((list) => {
          const events = eventsOf(list);
          const order = fc.shuffledSubarray([...events], { minLength: events.length });
          return fc.record({ last: fc.constant(events.at(-1)), order });
        }),
        ({ last, order }) => {
          const [some, all] = [told(order, false), told(order, true)];
          const end = settled(some.state, last);
          expect(end.phase).toBe(settled(all.state, last).phase);
          // That Stripe's status is not ours is noticed in every order, which all events by themselves would not do.
          if (end.phase === 'active') expect(end.drifted).toBe(last?.status !== 'active');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is none for a card on its way but the steps that matter', () => {
    const way: readonly Change[] = ['nothing', 'submitted', 'nothing', 'shipped', 'delivered'];
    const { count, state } = told(eventsOf(way.map((change) => ({ change, afterS: 1 }))), false);
    expect(count).toBe(2);
    expect(state.phase).toBe('activation');
  });
});
