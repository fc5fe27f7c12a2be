/** The successor of a card that is about to expire: Stripe renews no card by itself. */
import type { CardFact } from '../src/domain/card-facts.ts';
import { type ActivityPorts, type CardArgument, unknownCard } from './ports.ts';

export type RenewArgument = CardArgument;

export const createRenewalActivities = ({ cards }: ActivityPorts) => ({
  /**
   * Writes the row of the successor, whose own workflow makes the card; the relay starts that. Repeats, and a card that
   * was replaced meanwhile, get the one that is there. `renewal_skipped` when the card is to have none.
   */
  async renewCard({ cardId }: RenewArgument): Promise<CardFact> {
    const fact = await cards.renew(cardId);
    if (fact === undefined) throw unknownCard(cardId);
    return fact;
  },
});
