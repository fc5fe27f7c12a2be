/** A fraud warning freezes the card before the next decision, and asks a person whether it is replaced. */
import type { TenantId } from '../../../domain/ids.ts';
import type { CardSighting } from '../../../domain/sighting.ts';
import type { Card } from '../../../ports/cards.ts';
import { lockCard, openWarning, setFreezes, WARNING_OFFER } from '../card-controls.ts';
import { heirsOf } from '../card-heirs.ts';
import { addTimeline } from '../card-timeline.ts';
import type { Transaction } from '../pool.ts';

/** Kinds of warnings are short words; whatever else is sent must fit into a reason. */
const TYPE_LENGTH_MAX = 100;
const MS_PER_SECOND = 1000;

/**
 * Must come before the Stripe card's row is locked: the account is locked first, then the card, as everywhere. The same
 * warning seen again, and an older one, change nothing, so a freeze that was lifted stays lifted.
 */
export async function applyWarning(
  tx: Transaction,
  tenantId: TenantId,
  { stripeCardId, fraudWarning }: Pick<CardSighting, 'stripeCardId' | 'fraudWarning'>,
): Promise<void> {
  if (fraudWarning === null) return;
  const { startedS } = fraudWarning;
  const isNew = tx`
    stripe_card_id = ${stripeCardId} and tenant_id = ${tenantId}
      and (fraud_warned_at is null or fraud_warned_at < to_timestamp(${startedS}))`;
  const [row] = await tx<{ card_id: string }[]>`select card_id from stripe_cards where ${isNew}`;
  if (row === undefined) return;
  const card = await lockCard(tx, row.card_id);
  const noted = await tx`
    update stripe_cards set fraud_warned_at = to_timestamp(${startedS}) where ${isNew} returning 1`;
  if (card === undefined || noted.length === 0) return;
  const type = fraudWarning.type.slice(0, TYPE_LENGTH_MAX);
  const startedAt = new Date(startedS * MS_PER_SECOND).toISOString();
  const warning = { stripeCardId, type, startedAt };
  // A card of an earlier attempt is not spent from.
  const isCurrent = card.stripeCard?.id === stripeCardId;
  // One that ends is declined already, but its number may go on.
  const isOver = card.phase === 'winding_down' || card.phase === 'closed';
  if (isCurrent && !isOver) await suspect(tx, card, warning);
  else await addTimeline(tx, card, 'fraud_warned', warning);
  if (!isCurrent) return;
  for (const heir of await heirsOf(tx, card, 'same_number')) {
    await suspect(tx, heir, warning);
    // Stripe shows the warning with every card of the number, and it is dismissed once.
    await tx`
      update stripe_cards set fraud_warned_at = greatest(fraud_warned_at, to_timestamp(${startedS}))
       where stripe_card_id = ${heir.stripeCard?.id ?? null}`;
  }
}

interface Warning extends Readonly<Record<string, string>> {
  readonly type: string;
}

/** The timeline makes the offer that the item makes. */
async function suspect(tx: Transaction, card: Card, warning: Warning): Promise<void> {
  await addTimeline(tx, card, 'fraud_warned', { ...warning, ...WARNING_OFFER });
  await setFreezes(tx, card, { ...card.freezes, fraud: warning.type });
  await openWarning(tx, card, warning);
}
