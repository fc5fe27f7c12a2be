/**
 * The card that takes another's place: a row of its own, linked both ways by `replacement_for`, which is unique but for
 * replacements that have failed. For the API, which knows what is asked for, and for the renewal of a card that is
 * about to expire.
 */
import { randomUUID } from 'node:crypto';
import type { NumberedFact } from '../../domain/card-contract.ts';
import type { CardFact } from '../../domain/card-facts.ts';
import { type CardId, idFrom, parseCardId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { replacementVerdict } from '../../domain/replacement-rules.ts';
import type { Card, CardReplacements, NewReplacement } from '../../ports/cards.ts';
import {
  addFact,
  closeWarning,
  lockCard,
  openWarning,
  setFreezes,
  writeCancel,
} from './card-controls.ts';
import { findCard } from './card-directory.ts';
import { addTimeline } from './card-timeline.ts';
import { jsonText } from './json-column.ts';
import type { Queryable, Transaction } from './pool.ts';

export const createCardReplacements = (sql: Queryable): CardReplacements => ({
  async replace(card, made, at) {
    const { reason, cancel } = made;
    const replacement = await writeReplacement(sql, card, made);
    const facts: NumberedFact[] = [];
    if (cancel !== null) facts.push(await writeCancel(sql, card, { reason: cancel, at }));
    // A card with another number ends what was warned of; the same number goes on being suspected.
    if (!made.keepsFreezes) await closeWarning(sql, card, 'the card was replaced');
    const fact: CardFact = {
      kind: 'replacement_requested',
      reason,
      replacementId: replacement.id,
    };
    facts.push(await addFact(sql, card, fact, `replacement/${replacement.id}`));
    return { card: replacement, facts };
  },

  async takeNewNumber(card, reason) {
    await sql`
      update cards set replacement_reason = ${reason}, version = version + 1 where card_id = ${card.id}`;
    await addTimeline(sql, card, 'replacement_reason_changed', { reason });
    await leaveFreezes(sql, card);
    const changed = await findCard(sql, card.id);
    invariant(changed !== undefined, 'a locked card is there');
    return changed;
  },
});

/** Lifts the freezes that came from the card whose number it was to have; those of its own stay. */
async function leaveFreezes(sql: Queryable, card: Card): Promise<void> {
  const old = card.replacementFor === null ? undefined : await findCard(sql, card.replacementFor);
  const standing = Object.fromEntries(
    Object.entries(card.freezes).filter(([by, reason]) => old?.freezes[by] !== reason),
  );
  if (Object.keys(standing).length === Object.keys(card.freezes).length) return;
  await setFreezes(sql, card, standing);
  if (standing['fraud'] === undefined) await closeWarning(sql, card, 'the card was replaced');
}

/** Copies what the cards have in common. Its workflow is started by the caller, or by the relay. */
async function writeReplacement(sql: Queryable, card: Card, made: NewReplacement): Promise<Card> {
  const { id, reason, keepsFreezes } = made;
  const shipping = made.shipping === null ? null : jsonText(made.shipping);
  // A holder who was verified for a card is known for the one in its place: KYC is not asked again for its age, nor
  // because another card has it renewed.
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, freezes, shipping,
                       second_line, options, controls, replacement_for, replacement_reason)
    select c.tenant_id, ${id}, c.cardholder_id, c.account_id, c.type, c.currency,
           case when h.kyc_verified_at is not null and h.kyc_status <> 'rejected' then 'issuance' else 'kyc' end,
           case when ${keepsFreezes} then c.freezes else '{}' end,
           coalesce(${shipping}::text::jsonb, c.shipping), c.second_line, c.options, c.controls, c.card_id, ${reason}
      from cards c join cardholders h using (cardholder_id)
     where c.card_id = ${card.id}`;
  const replacement = await findCard(sql, id);
  invariant(replacement !== undefined, 'a card just inserted is there');
  await addTimeline(sql, replacement, 'card_requested', { replacementFor: card.id, reason });
  await addTimeline(sql, card, 'replacement_requested', { reason, replacementId: id });
  const suspicion = replacement.freezes['fraud'];
  if (suspicion !== undefined) await openWarning(sql, replacement, { type: suspicion });
  return replacement;
}

/**
 * The successor of a card that is about to expire, once: repeats, and cards that were replaced meanwhile, get the one
 * that is there. The answer is the fact, so none is written.
 */
export async function renew(tx: Transaction, cardId: CardId): Promise<CardFact | undefined> {
  const card = await lockCard(tx, cardId);
  if (card === undefined) return undefined;
  const verdict = replacementVerdict(
    {
      phase: card.phase,
      hasStripeCard: card.stripeCard !== null,
      cancelRequested: card.cancelRequested?.reason ?? null,
      replacedBy: card.replacedBy,
    },
    'expired',
  );
  // Only what is lost ends a number.
  invariant(verdict.kind !== 'number_lost', 'a card that expires is not lost');
  if (verdict.kind === 'refused') {
    if (verdict.code !== 'ALREADY_REPLACED') return skipped(verdict.code.toLowerCase());
    const replacement = await findCard(tx, verdict.replacementId);
    const reason = replacement?.replacementReason ?? 'expired';
    return { kind: 'replacement_requested', reason, replacementId: verdict.replacementId };
  }
  const [terms] = await tx<{ renewal: string | null; status: string }[]>`
    select c.options ->> 'renewal' as renewal, a.status
      from cards c join accounts a using (account_id) where c.card_id = ${cardId}`;
  if (terms?.renewal === 'none') return skipped('renewal_none');
  // A frozen account may be opened again before the card is there; a closed one has nothing to spend.
  if (terms?.status === 'closed') return skipped('account_closed');
  const id = parseCardId(idFrom('card', randomUUID().replaceAll('-', '')));
  const keepsFreezes = !verdict.isNewNumber;
  await writeReplacement(tx, card, {
    id,
    reason: 'expired',
    shipping: null,
    cancel: null,
    keepsFreezes,
  });
  return { kind: 'replacement_requested', reason: 'expired', replacementId: id };
}

const skipped = (reason: string): CardFact => ({ kind: 'renewal_skipped', reason });
