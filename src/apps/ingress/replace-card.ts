/** What a request to replace a card does to it, and to the cards that go on with its number. */
import type { NumberedFact } from '../../domain/card-contract.ts';
import { type CardId, parseCardId } from '../../domain/ids.ts';
import {
  REPLACEABLE_IN,
  type ReplacementVerdict,
  replacementVerdict,
} from '../../domain/replacement-rules.ts';
import type { Card, NewReplacement } from '../../ports/cards.ts';
import type { Records } from '../../ports/records.ts';
import { ApiError, found } from './errors.ts';
import { newId } from './new-id.ts';

export interface ReplacementWish {
  readonly reason: NewReplacement['reason'];
  readonly shipping: NewReplacement['shipping'];
  readonly at: Date;
}

/** The card that is there instead, and what is to be told to the workflows of others. */
export interface Replaced {
  readonly card: Card;
  readonly told: readonly { readonly cardId: CardId; readonly fact: NumberedFact }[];
}

/** Replaces a locked card, in the caller's transaction. @throws ApiError where the rules refuse. */
export async function replaceCard(
  records: Records,
  card: Card,
  wish: ReplacementWish,
): Promise<Replaced> {
  const { phase, replacedBy, cancelRequested } = card;
  const verdict = replacementVerdict(
    {
      phase,
      hasStripeCard: card.stripeCard !== null,
      cancelRequested: cancelRequested?.reason ?? null,
      replacedBy,
    },
    wish.reason,
  );
  if (verdict.kind === 'refused') throw refusal(card, verdict);
  const account = await records.accounts.find(card.accountId);
  if (account?.status === 'closed') throw new ApiError('ACCOUNT_NOT_OPEN', { status: 'closed' });
  if (verdict.kind === 'number_lost') return endNumber(records, card, { ...wish, ...verdict });
  return makeReplacement(records, card, { ...wish, ...verdict });
}

/** The number is not safe any more: neither the card nor what was to go on with its number may be spent from. */
async function endNumber(
  records: Records,
  card: Card,
  wish: ReplacementWish & { readonly cancel: 'lost' | 'stolen'; readonly replacementId: CardId },
): Promise<Replaced> {
  const { cancel, at } = wish;
  const fact = await records.controls.requestCancel(card, cancel, at);
  const heir = found(await records.controls.lock(wish.replacementId), 'CARD_NOT_FOUND');
  const { card: answered, told } = await endHeir(records, heir, wish);
  return { card: answered, told: [{ cardId: card.id, fact }, ...told] };
}

async function endHeir(
  records: Records,
  heir: Card,
  wish: ReplacementWish & { readonly cancel: 'lost' | 'stolen' },
): Promise<Replaced> {
  const { cancel } = wish;
  const isOver = heir.phase === 'winding_down' || heir.phase === 'closed';
  const isEnding = isOver || heir.cancelRequested !== null;
  if (heir.replacedBy !== null) {
    const replacementId = heir.replacedBy;
    if (!isEnding) return endNumber(records, heir, { ...wish, replacementId });
    const next = found(await records.controls.lock(replacementId), 'CARD_NOT_FOUND');
    const hasNewNumber = next.replacementReason === 'lost' || next.replacementReason === 'stolen';
    return hasNewNumber ? { card: next, told: [] } : endHeir(records, next, wish);
  }
  if (heir.stripeCard !== null) {
    return makeReplacement(records, heir, {
      ...wish,
      cancel: isEnding ? null : cancel,
      isNewNumber: true,
    });
  }
  // It is not made yet, so it can still get another number.
  const card = isEnding ? heir : await records.replacements.takeNewNumber(heir, cancel);
  return { card, told: [] };
}

async function makeReplacement(
  { replacements }: Records,
  card: Card,
  wish: ReplacementWish & {
    readonly cancel: 'lost' | 'stolen' | null;
    readonly isNewNumber: boolean;
  },
): Promise<Replaced> {
  const { reason, shipping, cancel, isNewNumber, at } = wish;
  const id = parseCardId(newId('card'));
  const made = { id, reason, shipping, cancel, keepsFreezes: !isNewNumber };
  const { card: replacement, facts } = await replacements.replace(card, made, at);
  return { card: replacement, told: facts.map((fact) => ({ cardId: card.id, fact })) };
}

function refusal(
  { phase, cancelRequested }: Card,
  { code, ...named }: Extract<ReplacementVerdict, { readonly kind: 'refused' }>,
): ApiError {
  switch (code) {
    case 'ALREADY_REPLACED':
      return new ApiError(code, {
        phase,
        ...('replacementId' in named ? { replacementId: named.replacementId } : {}),
      });
    case 'ALREADY_CANCELED':
      return new ApiError(code, { phase, ...cancelRequested });
    case 'WRONG_PHASE':
      return new ApiError(code, { command: 'replace', phase, allowedIn: [...REPLACEABLE_IN] });
  }
}
