/** When a card may be replaced, and what becomes of it meanwhile. Pure; the caller holds the card's lock. */
import type { CancelReason, ReplacementReason } from './card-facts.ts';
import type { CardPhase } from './card-phase.ts';
import type { CardId } from './ids.ts';

/** What the rules look at. */
export interface ReplaceableCard {
  readonly phase: CardPhase;
  readonly hasStripeCard: boolean;
  readonly cancelRequested: CancelReason | null;
  readonly replacedBy: CardId | null;
}

export type ReplacementVerdict =
  | {
      readonly kind: 'allowed';
      /** The number is not safe any more: the card is cancelled with this reason, before the next decision. */
      readonly cancel: 'lost' | 'stolen' | null;
      /** The new card has another number, so what stands against the old one does not concern it. */
      readonly isNewNumber: boolean;
    }
  /** Another card was to go on with the number, which is not safe any more: both are to be ended. */
  | {
      readonly kind: 'number_lost';
      readonly cancel: 'lost' | 'stolen';
      readonly replacementId: CardId;
    }
  | {
      readonly kind: 'refused';
      readonly code: 'ALREADY_REPLACED';
      readonly replacementId: CardId;
    }
  | { readonly kind: 'refused'; readonly code: 'ALREADY_CANCELED' | 'WRONG_PHASE' };

/** Phases of a card that has been made; one that was never made has nothing to replace. */
const MADE: ReadonlySet<CardPhase> = new Set([
  'awaiting_delivery',
  'activation',
  'active',
  'winding_down',
]);

/** Said where the phase refuses; a closed card is told apart by how it ended. */
export const REPLACEABLE_IN: readonly CardPhase[] = [...MADE, 'closed'];

/**
 * A card is replaced once. Lost and stolen end it at once, also while a replacement is on its way; damaged and expired
 * leave it to be spent from until the replacement is active, which needs a card that nobody has cancelled, because its
 * number lives on.
 */
export function replacementVerdict(
  card: ReplaceableCard,
  reason: ReplacementReason,
): ReplacementVerdict {
  const { phase, replacedBy, cancelRequested } = card;
  const isNewNumber = reason === 'lost' || reason === 'stolen';
  const isEnding = cancelRequested !== null || phase === 'winding_down' || phase === 'closed';
  if (replacedBy !== null) {
    if (!isNewNumber || isEnding) {
      return { kind: 'refused', code: 'ALREADY_REPLACED', replacementId: replacedBy };
    }
    return { kind: 'number_lost', cancel: reason, replacementId: replacedBy };
  }
  const isMade = phase === 'closed' ? card.hasStripeCard && reason !== 'damaged' : MADE.has(phase);
  if (!isMade) return { kind: 'refused', code: 'WRONG_PHASE' };
  if (!isNewNumber) {
    if (cancelRequested !== null) return { kind: 'refused', code: 'ALREADY_CANCELED' };
    return { kind: 'allowed', cancel: null, isNewNumber };
  }
  return { kind: 'allowed', cancel: isEnding ? null : reason, isNewNumber };
}
