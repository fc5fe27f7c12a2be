/** The card's state in Postgres: read once at the start of a run, written with every change. */
import type { LoadedCard } from '../src/domain/card-contract.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import type { CardSave, SaveAnswer } from '../src/domain/card-save.ts';
import type { CardId } from '../src/domain/ids.ts';
import { type ActivityPorts, type CardArgument, unknownCard } from './ports.ts';

export const createRecordActivities = ({ cards, onUnusable }: ActivityPorts) => ({
  /** Never assumes a new card: a restarted workflow goes on where the last save left it. */
  async loadCard(cardId: CardId): Promise<LoadedCard> {
    const loaded = await cards.load(cardId);
    if (loaded === undefined) throw unknownCard(cardId);
    return loaded;
  },

  async saveCard(save: CardSave): Promise<SaveAnswer> {
    const answer = await cards.save(save);
    // A repeat counts once more: it is a signal to look, not a figure to add up.
    if (save.unusable !== undefined && save.unusable.length > 0) {
      onUnusable?.(save.unusable.length);
    }
    return answer;
  },

  /** Whether the card may be closed: asked when the windows for late captures and disputes have passed. */
  async checkSettled({ cardId }: CardArgument): Promise<CardFact> {
    return { kind: (await cards.isSettled(cardId)) ? 'windows_passed' : 'unsettled' };
  },
});
