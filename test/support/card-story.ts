/**
 * What may become known of one card, as it truly happened, and a Stripe that knows how it ended. The facts of a story may
 * arrive in any order and more than once; what our own activities find out is the truth at that time.
 */
import fc from 'fast-check';
import type { CardFact, ShippingStatus, StripeCardSeen } from '../../src/domain/card-facts.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import { parseCardId, type StripeCardId } from '../../src/domain/ids.ts';
import { cardSeen, FIRST_STRIPE_CARD } from './card-states.ts';

export interface CardStory {
  readonly type: 'virtual' | 'physical';
  readonly facts: readonly CardFact[];
}

/** How the first parcel went; the steps before the last are told as well. */
const PARCELS: readonly (readonly ShippingStatus[])[] = [
  ['shipped', 'delivered'],
  ['shipped', 'delivered'],
  ['shipped'],
  ['shipped', 'returned'],
  ['submitted', 'failure'],
];

const ENDINGS: readonly (readonly CardFact[])[] = [
  [],
  [],
  [{ kind: 'cancel_requested', reason: 'requested' }],
  [
    { kind: 'cancel_requested', reason: 'lost' },
    { kind: 'replacement_requested', reason: 'lost', replacementId: parseCardId('card_next') },
  ],
  [
    { kind: 'replacement_requested', reason: 'damaged', replacementId: parseCardId('card_next') },
    { kind: 'replaced', replacementId: parseCardId('card_next') },
  ],
  [cardSeen({ status: 'canceled' })],
  [cardSeen({ status: 'canceled', cancellationReason: 'fulfillment_error' })],
];

const digest = (purchases: number): CardFact => ({
  kind: 'spending_digest',
  purchases,
  lastPurchaseMs: 1,
});

/** Facts that come with any story, in pairs that contradict one another but for their version. */
const FREE: readonly CardFact[] = [
  { kind: 'identity_failed', code: 'document_expired' },
  { kind: 'freeze_changed', frozen: true, version: 2, by: ['operator'] },
  { kind: 'freeze_changed', frozen: false, version: 3, by: [] },
  { kind: 'mirror_wanted', what: 'controls', version: 2 },
  { kind: 'mirror_wanted', what: 'controls', version: 3 },
  { kind: 'mirror_wanted', what: 'holder', version: 2 },
  { kind: 'cardholder_changed', problem: 'under_review', version: 2 },
  { kind: 'cardholder_changed', problem: null, version: 3 },
  { kind: 'purchase_seen' },
  digest(1),
  digest(4),
  { kind: 'money_seen', cause: 'capture' },
  { kind: 'money_seen', cause: 'dispute' },
  cardSeen({ status: 'inactive' }),
];

/** A frozen card is not activated, so its freeze must be lifted in the same story. */
const isWhole = (free: readonly CardFact[]): boolean => {
  const freezes = free.filter(({ kind }) => kind === 'freeze_changed').length;
  return freezes !== 1;
};

export const anyStory: fc.Arbitrary<CardStory> = fc
  .record({
    type: fc.constantFrom('virtual' as const, 'physical' as const),
    parcel: fc.constantFrom(...PARCELS),
    ending: fc.constantFrom(...ENDINGS),
    free: fc.subarray([...FREE]).filter(isWhole),
  })
  // Cancelled at Stripe as never produced: of a card on its way, not of one that has arrived.
  .filter(({ type, parcel, ending }) => !isNeverProduced(ending) || isOnItsWay(type, parcel))
  // Cancelled by somebody at Stripe while its parcel fails: what is heard first counts.
  .filter(({ type, parcel, ending }) => !isCanceledElsewhere(ending) || !isLost(type, parcel))
  .map(({ type, parcel, ending, free }) => ({
    type,
    facts: [
      { kind: 'identity_verified' } as const,
      ...(type === 'physical' ? parcel.map((shippingStatus) => cardSeen({ shippingStatus })) : []),
      ...ending,
      ...free,
    ],
  }));

const isNeverProduced = (ending: readonly CardFact[]): boolean =>
  ending.some((fact) => fact.kind === 'card_seen' && fact.cancellationReason !== null);

const isCanceledElsewhere = (ending: readonly CardFact[]): boolean =>
  ending.some((fact) => fact.kind === 'card_seen' && fact.cancellationReason === null);

const isLost = (type: string, parcel: readonly ShippingStatus[]): boolean =>
  type === 'physical' && (parcel.includes('returned') || parcel.includes('failure'));

const isOnItsWay = (type: string, parcel: readonly ShippingStatus[]): boolean =>
  type === 'physical' && !parcel.includes('delivered');

/** The facts of a story in one order of arrival: each at least once, some twice. */
export const anyOrderOf = (story: CardStory): fc.Arbitrary<readonly CardFact[]> =>
  fc
    .tuple(
      fc.shuffledSubarray([...story.facts], { minLength: story.facts.length }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 4 }),
    )
    .map(([facts, repeats]) => {
      const order = [...facts];
      for (const [what, where] of repeats) {
        const fact = facts[what % facts.length];
        if (fact !== undefined) order.splice(where % (order.length + 1), 0, fact);
      }
      return order;
    });

const isOfStripeCard = (fact: CardFact): fact is StripeCardSeen => fact.kind === 'card_seen';

/** Nobody can see a card at Stripe, nor ask for its replacement, before it is made. */
export function isTooEarly(fact: CardFact, made: readonly StripeCardId[]): boolean {
  if (isOfStripeCard(fact)) return !made.includes(fact.stripeCardId);
  const isOfReplacement = fact.kind === 'replaced' || fact.kind === 'replacement_requested';
  return isOfReplacement && made.length === 0;
}

/** Stripe as it is at the end of the story, for what our own activities ask. */
export class StoryStripe {
  private readonly story: CardStory;
  private readonly canceled = new Set<StripeCardId>();
  private readonly active = new Set<StripeCardId>();
  /** Cards that a create call has made. */
  readonly made: StripeCardId[] = [];

  constructor(story: CardStory) {
    this.story = story;
    const end = story.facts.find((fact) => isOfStripeCard(fact) && fact.status === 'canceled');
    if (end !== undefined) this.canceled.add(FIRST_STRIPE_CARD);
  }

  /** Cards that could still be spent with, or be activated. */
  get live(): readonly StripeCardId[] {
    return this.made.filter((id) => !this.canceled.has(id));
  }

  /** What the activity answers for a card in this state. */
  answer(action: CardAction, state: CardState, idOf: (attempt: number) => StripeCardId): CardFact {
    const current = idOf(state.attempt);
    switch (action) {
      case 'ensureVerification':
        return { kind: 'verification_started' };
      case 'issueCard':
        if (!this.made.includes(current)) this.made.push(current);
        return {
          kind: 'card_created',
          stripeCardId: current,
          status: 'inactive',
          shippingStatus: null,
        };
      case 'cancelPreviousCard':
        this.canceled.add(idOf(state.attempt - 1));
        return { kind: 'previous_card_canceled' };
      case 'activateCard':
        if (!this.canceled.has(current)) this.active.add(current);
        return this.seen(current);
      case 'readCard':
        return this.seen(current);
      case 'mirrorFreeze':
        return { kind: 'freeze_mirrored', frozen: state.freeze.wanted };
      case 'mirrorControls':
        return mirrored('controls', state);
      case 'updateCardholder':
        return mirrored('holder', state);
      case 'cancelAtStripe': {
        const last = this.made.at(-1) ?? null;
        if (last !== null) this.canceled.add(last);
        return { kind: 'canceled_at_stripe', stripeCardId: last };
      }
      case 'checkSettled':
        return { kind: 'windows_passed' };
      case 'readVerification':
        return { kind: 'verification_pending' };
      case 'renewCard':
        return { kind: 'renewal_skipped', reason: 'renewal_none' };
    }
  }

  private seen(id: StripeCardId): StripeCardSeen {
    const status = this.canceled.has(id) ? 'canceled' : this.active.has(id) ? 'active' : 'inactive';
    const end = this.story.facts.find((fact) => isOfStripeCard(fact) && fact.status === 'canceled');
    const cancellationReason =
      status === 'canceled' && end?.kind === 'card_seen' ? end.cancellationReason : null;
    return cardSeen({ source: 'fetched', stripeCardId: id, status, cancellationReason });
  }
}

const mirrored = (what: 'controls' | 'holder', state: CardState): CardFact => ({
  kind: 'mirror_done',
  what,
  version: state.mirrors[what].wanted,
  refusal: null,
});

export const requestedFor = ({ type }: CardStory, nowMs: number): CardState =>
  requestedCard(type, nowMs);
