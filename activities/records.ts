/** The card's state in Postgres: read once at the start of a run, written with every change. */
import type { LoadedCard } from '../src/domain/card-contract.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import type { CardSave, SaveAnswer } from '../src/domain/card-save.ts';
import type { CardId } from '../src/domain/ids.ts';
import { IssuerUnavailableError } from '../src/ports/issuer.ts';
import { type ActivityPorts, type CardArgument, orderOf, unknownCard } from './ports.ts';

export const createRecordActivities = (ports: ActivityPorts) => ({
  /** Never assumes a new card: a restarted workflow goes on where the last save left it. */
  async loadCard(cardId: CardId): Promise<LoadedCard> {
    const loaded = await ports.cards.load(cardId);
    if (loaded === undefined) throw unknownCard(cardId);
    return loaded;
  },

  async saveCard(save: CardSave): Promise<SaveAnswer> {
    const answer = await ports.cards.save(save);
    // A repeat counts once more: it is a signal to look, not a figure to add up.
    if (save.unusable !== undefined && save.unusable.length > 0) {
      ports.onUnusable?.(save.unusable.length);
    }
    return answer;
  },

  /** Whether the card may be closed: asked when the windows for late captures and disputes have passed. */
  async checkSettled({ cardId }: CardArgument): Promise<CardFact> {
    if (await ports.cards.isSettled(cardId)) return { kind: 'windows_passed' };
    await lookAtDisputes(ports, cardId);
    // What a dispute shows anew is told as money, and the windows begin once more, as after its event.
    return { kind: 'unsettled' };
  },
});

/** The event of a decision may be lost, and the card would wait for it for ever. */
async function lookAtDisputes(ports: ActivityPorts, cardId: CardId): Promise<void> {
  const open = await ports.cards.openDisputes(cardId);
  if (open.length === 0) return;
  const { tenant } = await orderOf(ports, cardId);
  for (const disputeId of open) {
    const seen = await ports.issuer.readDispute(tenant, disputeId).catch((error: unknown) => {
      // The next check asks again; the card waits in any case.
      if (error instanceof IssuerUnavailableError) return undefined;
      throw error;
    });
    if (seen !== undefined) await ports.cards.recordDispute(tenant, seen);
  }
}
