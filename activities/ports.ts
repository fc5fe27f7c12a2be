/** What the activities need of the world, and the frames of their arguments and failures. */
import { ApplicationFailure } from '@temporalio/common';
import type { CardId, StripeCardId } from '../src/domain/ids.ts';
import type { AttemptStore } from '../src/ports/attempt-store.ts';
import type { CardIssuer } from '../src/ports/card-issuer.ts';
import type { CardOrder, CardStore } from '../src/ports/card-store.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Holder, HolderStore } from '../src/ports/holder-store.ts';
import type { KycProviders } from '../src/ports/kyc-provider.ts';
import type { VerificationStore } from '../src/ports/verification-store.ts';

export interface ActivityPorts {
  readonly cards: CardStore;
  readonly holders: HolderStore;
  readonly attempts: AttemptStore;
  readonly issuer: CardIssuer;
  readonly verifications: VerificationStore;
  readonly kyc: KycProviders;
  readonly clock: Clock;
  /** Hears how many messages a workflow could not work with, for the metrics. */
  readonly onUnusable?: (count: number) => void;
}

export interface CardArgument {
  readonly cardId: CardId;
}

export interface StripeCardArgument extends CardArgument {
  readonly stripeCardId: StripeCardId;
}

/** The row is written before the workflow starts and never deleted, so a missing one is no matter of waiting. */
export const unknownCard = (cardId: CardId): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`there is no card ${cardId}`, 'UNKNOWN_CARD');

export async function orderOf(ports: ActivityPorts, cardId: CardId): Promise<CardOrder> {
  const order = await ports.cards.order(cardId);
  if (order === undefined) throw unknownCard(cardId);
  return order;
}

export async function holderOf(ports: ActivityPorts, cardId: CardId): Promise<Holder> {
  const holder = await ports.holders.ofCard(cardId);
  if (holder === undefined) throw unknownCard(cardId);
  return holder;
}
