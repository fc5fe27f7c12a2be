/** A card that exists at Stripe: activating it, looking at it, and letting its status follow a freeze. */
import { ApplicationFailure } from '@temporalio/common';
import { expiresMs } from '../src/domain/card-expiry.ts';
import type { CardFact, StripeCardSeen } from '../src/domain/card-facts.ts';
import type { IssuedCard } from '../src/ports/issuer.ts';
import { type ActivityPorts, orderOf, type StripeCardArgument } from './ports.ts';
import { statusRefused } from './refusal-fact.ts';

export interface StatusArgument extends StripeCardArgument {
  readonly frozen: boolean;
}

export const seen = (card: IssuedCard): StripeCardSeen => ({
  kind: 'card_seen',
  source: 'fetched',
  stripeCardId: card.stripeCardId,
  status: card.status,
  cancellationReason: card.cancellationReason,
  shippingStatus: card.shippingStatus,
  expiresMs: expiresMs(card.expMonth, card.expYear),
});

export const createActivationActivities = (ports: ActivityPorts) => ({
  /** Answers with the card as Stripe shows it afterwards, or `activation_refused`. */
  async activateCard({ cardId, stripeCardId }: StatusArgument): Promise<CardFact> {
    const { tenant } = await orderOf(ports, cardId);
    const answer = await ports.issuer.setCardStatus(tenant, stripeCardId, { status: 'active' });
    const card = await ports.issuer.readCard(tenant, stripeCardId);
    if (card === undefined) return { kind: 'activation_refused', code: 'card_unknown_at_stripe' };
    await ports.cards.recordWarning(tenant, card);
    if (card.status !== 'inactive') return seen(card);
    if (answer.kind === 'refused') {
      return { kind: 'activation_refused', code: statusRefused(answer) };
    }
    throw ApplicationFailure.retryable('Stripe still shows the card inactive', 'NOT_ACTIVE_YET');
  },

  /** Answers with the card as Stripe shows it, or `card_unknown_at_stripe`: to ask again would change nothing. */
  async readCard({ cardId, stripeCardId }: StatusArgument): Promise<CardFact> {
    const { tenant } = await orderOf(ports, cardId);
    const card = await ports.issuer.readCard(tenant, stripeCardId);
    if (card === undefined) return { kind: 'card_unknown_at_stripe', stripeCardId };
    // A tracking number, or a warning, may be in an event that was missed.
    if (card.parcel !== null) await ports.cards.recordParcel(stripeCardId, card.parcel);
    await ports.cards.recordWarning(tenant, card);
    return seen(card);
  },

  /**
   * The freeze itself is in force already, in Postgres; this makes Stripe's status follow it. Answers `freeze_mirrored`,
   * or what keeps the status from following: the card is cancelled, unknown to Stripe, or Stripe refuses.
   */
  async mirrorFreeze({ cardId, stripeCardId, frozen }: StatusArgument): Promise<CardFact> {
    const { tenant } = await orderOf(ports, cardId);
    const status = frozen ? 'inactive' : 'active';
    const answer = await ports.issuer.setCardStatus(tenant, stripeCardId, { status });
    if (answer.kind === 'changed') return { kind: 'freeze_mirrored', frozen };
    const card = await ports.issuer.readCard(tenant, stripeCardId);
    if (card === undefined) return { kind: 'card_unknown_at_stripe', stripeCardId };
    if (card.status === status) return { kind: 'freeze_mirrored', frozen };
    if (card.status === 'canceled') return seen(card);
    return { kind: 'freeze_refused', frozen, code: statusRefused(answer) };
  },
});
