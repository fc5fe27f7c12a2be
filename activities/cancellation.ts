/** The end of a card at Stripe. A card that may have been made is looked for before it is called non-existent. */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CancelReason, CardFact } from '../src/domain/card-facts.ts';
import { parseStripeCardId, type StripeCardId } from '../src/domain/ids.ts';
import type { CardOrder } from '../src/ports/card-store.ts';
import {
  type ActivityPorts,
  type CardArgument,
  holderOf,
  orderOf,
  type StripeCardArgument,
} from './ports.ts';
import { endStripeCard } from './stripe-card-end.ts';

export interface CancelArgument extends CardArgument {
  /** Null when the card was cancelled before its creation was known. */
  readonly stripeCardId: StripeCardId | null;
  readonly reason: CancelReason;
}

/** A call that timed out here may still be under way at Stripe; its own limit is 80 s. */
const CREATE_SETTLES_MS = 120_000;

export const createCancellationActivities = (ports: ActivityPorts) => ({
  /** The parcel did not arrive: its card must be dead before the next is made. Answers `cancel_refused` if it cannot be. */
  async cancelPreviousCard({ cardId, stripeCardId }: StripeCardArgument): Promise<CardFact> {
    const order = await orderOf(ports, cardId);
    // Stripe's own reason for this, `fulfillment_error`, cannot be set by a caller.
    const end = await endStripeCard(ports, order.tenant, { stripeCardId, reason: 'requested' });
    return end.kind === 'ended' ? { kind: 'previous_card_canceled' } : end;
  },

  /** Answers `canceled_at_stripe` with the card that is dead now, or `cancel_refused`. */
  async cancelAtStripe({ cardId, stripeCardId, reason }: CancelArgument): Promise<CardFact> {
    const order = await orderOf(ports, cardId);
    const id = await lastMade(ports, order, stripeCardId);
    if (id !== null) {
      const end = await endStripeCard(ports, order.tenant, { stripeCardId: id, reason });
      if (end.kind === 'cancel_refused') return end;
    }
    return { kind: 'canceled_at_stripe', stripeCardId: id };
  },
});

/** The newest Stripe card of this card, also when the answer of its create call never reached us. */
async function lastMade(
  ports: ActivityPorts,
  order: CardOrder,
  known: StripeCardId | null,
): Promise<StripeCardId | null> {
  const attempt = await ports.attempts.latest(order.cardId, 'create_card');
  if (attempt === undefined || attempt.outcome.kind === 'refused') return known;
  if (attempt.outcome.kind === 'made') {
    const id = parseStripeCardId(attempt.outcome.resultId);
    if (id !== known) await adopt(ports, order, { id, attempt: attempt.attempt });
    return id;
  }
  const { stripeCardholderId } = await holderOf(ports, order.cardId);
  if (stripeCardholderId === null) return known;
  const owned = new Set(await ports.cards.stripeCards(order.cardId));
  const by = { cardId: order.cardId, cardholder: stripeCardholderId };
  const found = (await ports.issuer.findCards(order.tenant, by)).find(
    ({ stripeCardId }) => !owned.has(stripeCardId),
  );
  if (found !== undefined) {
    // The attempt first: a repeat after a crash then finds the card by it, and adopts it once more.
    await ports.attempts.finish(attempt, { kind: 'made', resultId: found.stripeCardId });
    await adopt(ports, order, { id: found.stripeCardId, attempt: attempt.attempt });
    return found.stripeCardId;
  }
  // The create activity had ended before this one was scheduled, so its last call is older than this.
  if (Date.now() - activityInfo().scheduledTimestampMs < CREATE_SETTLES_MS) {
    throw ApplicationFailure.create({
      message: 'a create call may still be under way; looking again',
      type: 'CREATE_UNSETTLED',
      nextRetryDelay: '30s',
    });
  }
  await ports.attempts.finish(attempt, { kind: 'refused', code: 'abandoned', param: null });
  return known;
}

/** Books of a card that is about to die still need it: late captures name it. */
async function adopt(
  ports: ActivityPorts,
  order: CardOrder,
  what: { readonly id: StripeCardId; readonly attempt: number },
): Promise<void> {
  const card = await ports.issuer.readCard(order.tenant, what.id);
  if (card === undefined) return;
  await ports.cards.recordStripeCard(order, { card, attempt: what.attempt, current: true });
}
