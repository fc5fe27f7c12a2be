/**
 * Replacement of cards: which reasons ask for what, and who is cancelled when. Lost and stolen cards must be
 * cancelled first and get a new number; damaged and expired ones stay usable until their replacement is activated.
 */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import { type CardRow, cancelCard, type ReplacementReason } from '../machines/card.ts';
import { change, type Scope } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';

interface ReplacementParams {
  readonly replacement_for: string | undefined;
  readonly replacement_reason: ReplacementReason | undefined;
  readonly type: CardRow['type'];
}

/** The card to be replaced, if any. Throws a 400 when it cannot be replaced for this reason. */
export function checkReplacement(scope: Scope, params: ReplacementParams): CardRow | undefined {
  const { replacement_for: id, replacement_reason: reason } = params;
  if (id === undefined) {
    if (reason !== undefined) throw missingParameter('replacement_for');
    return undefined;
  }
  if (reason === undefined) throw missingParameter('replacement_reason');
  const card = scope.account.cards.get(id);
  if (card === undefined) throw unknownReference(CARD.label, id, 'replacement_for');
  const problem = obstacle(card, reason, params.type);
  if (problem !== undefined) throw invalidRequest(problem, { param: 'replacement_for' });
  return card;
}

function obstacle(
  card: CardRow,
  reason: ReplacementReason,
  type: CardRow['type'],
): string | undefined {
  if (card.replaced_by !== null)
    return `Card ${card.id} has already been replaced by ${card.replaced_by}.`;
  if (card.type !== type)
    return `Card ${card.id} is ${card.type}; its replacement must be ${card.type} as well.`;
  const mustBeCanceled = reason === 'lost' || reason === 'stolen';
  if (mustBeCanceled && card.status !== 'canceled') {
    return `Card ${card.id} must be canceled before it can be replaced as ${reason}.`;
  }
  if (!mustBeCanceled && card.status === 'canceled') {
    return `Card ${card.id} is canceled; it cannot be replaced as ${reason}.`;
  }
  return undefined;
}

export function linkReplacement(scope: Scope, replaced: CardRow, replacement: CardRow): void {
  change(scope, CARD, { ...replaced, replaced_by: replacement.id });
}

/** Two active cards with one number cannot be: activating the replacement cancels the original. */
export function replaceOnActivation(scope: Scope, replacement: CardRow): void {
  const { replacement_for: id, replacement_reason: reason } = replacement;
  if (id === null || (reason !== 'damaged' && reason !== 'expired')) return;
  const original = scope.account.cards.get(id);
  if (original !== undefined && original.status !== 'canceled') {
    change(scope, CARD, cancelCard(original, null));
  }
}
