/** The end of a card, whoever ends it, and what becomes of its tokens then. */
import { type CancellationReason, type CardRow, cancelCard } from '../machines/card.ts';
import { moveToken, type TokenRow } from '../machines/token.ts';
import { change, type Scope } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';
import { TOKEN } from '../world/kinds/token.ts';

/** Cancels a card that is not canceled yet, with the events about it and its tokens. */
export function cancelWithTokens(
  scope: Scope,
  card: CardRow,
  reason: CancellationReason | null,
): object {
  const shown = change(scope, CARD, cancelCard(card, reason));
  endTokens(scope, card.id);
  return shown;
}

const tokensOf = ({ account }: Scope, card: string): readonly TokenRow[] =>
  account.tokens.all().filter((token) => token.card === card && token.status !== 'deleted');

/** What the account's settings say about the tokens of a card that was canceled. */
export function endTokens(scope: Scope, card: string): void {
  const { canceledCardTokens: fate } = scope.account.settings;
  if (fate === 'kept') return;
  for (const token of tokensOf(scope, card)) {
    const next = moveToken(token, fate, scope.world.clock.now());
    if (next !== undefined) change(scope, TOKEN, next);
  }
}

/** Hands the tokens of a replaced card over, where the account's settings say so. */
export function passTokens(scope: Scope, from: string, to: string): void {
  if (scope.account.settings.replacedCardTokens === 'kept') return;
  const now = scope.world.clock.now();
  for (const token of tokensOf(scope, from))
    change(scope, TOKEN, { ...token, card: to, network_updated_at: now });
}
