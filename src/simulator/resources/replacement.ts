/**
 * Replacement of cards: which reasons ask for what, and who is cancelled when. Lost and stolen cards must be
 * cancelled first and get a new number; damaged and expired ones stay usable until their replacement is activated.
 */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import { isOpen, moveToCard } from '../machines/authorization.ts';
import type { CardRow, ReplacementReason } from '../machines/card.ts';
import { change, type Scope } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';
import { changeAuthorization } from './authorization-store.ts';
import { cancelWithTokens, passTokens } from './card-cancellation.ts';

interface ReplacementParams {
  readonly replacement_for: string | undefined;
  readonly replacement_reason: ReplacementReason | undefined;
  readonly type: CardRow['type'];
  readonly currency: string;
  readonly cardholder: string | undefined;
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
  // Another currency or holder would leave the limits that count across the chain without a meaning.
  if (params.currency.toLowerCase() !== card.currency)
    throw invalidRequest(`The replacement must be in ${card.currency}.`, { param: 'currency' });
  if (params.cardholder !== undefined && params.cardholder !== card.cardholder) {
    throw invalidRequest(`The replacement must belong to ${card.cardholder}.`, {
      param: 'cardholder',
    });
  }
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

/**
 * Activating the replacement of a damaged or expired card cancels the original, because two active cards with one
 * number cannot be. The open authorizations of any replaced card go over to the new one.
 */
export function replaceOnActivation(scope: Scope, replacement: CardRow): void {
  const { replacement_for: id, replacement_reason: reason } = replacement;
  const original = id === null ? undefined : scope.account.cards.get(id);
  if (original === undefined) return;
  const isCopy = reason === 'damaged' || reason === 'expired';
  // Before the original ends, or its tokens might end with it.
  if (isCopy) passTokens(scope, original.id, replacement.id);
  if (isCopy && original.status !== 'canceled') cancelWithTokens(scope, original, null);
  const held = scope.account.authorizations
    .all()
    .filter((row) => row.card === original.id && isOpen(row));
  for (const row of held) changeAuthorization(scope, moveToCard(row, replacement.id));
}

/**
 * The expiry of a replacement that keeps the number: later than the original's, or the two could not be told apart.
 * Throws a 400 when the caller asks for another.
 */
export function laterExpiry(
  original: CardRow,
  wanted: { readonly month: number; readonly year: number; readonly isChosen: boolean },
): { readonly month: number; readonly year: number } {
  const months = (card: { month: number; year: number }): number => card.year * 12 + card.month - 1;
  const before = months({ month: original.exp_month, year: original.exp_year });
  if (months(wanted) > before) return wanted;
  if (wanted.isChosen) {
    throw invalidRequest(
      `The replacement must expire after the card that it replaces (${original.exp_month}/${original.exp_year}).`,
      { param: 'exp_year' },
    );
  }
  return { month: ((before + 1) % 12) + 1, year: Math.floor((before + 1) / 12) };
}
