/** Tokens of cards, for people to read: which wallets can pay with the card. Nothing else follows from them. */
import type { TenantId } from '../../../domain/ids.ts';
import type { TokenSighting } from '../../../domain/sighting.ts';
import { addTimeline } from '../card-timeline.ts';
import type { Transaction } from '../pool.ts';
import type { Applied } from './directory.ts';

/** Within one second the later of these stands, so that the order of arrival makes no difference. */
const RANKED: readonly string[] = ['requested', 'active', 'suspended', 'deleted'];

/** `unknown` while the Stripe card is: it is parked. The token's events are applied one after the other. */
export async function applyToken(
  tx: Transaction,
  tenantId: TenantId,
  { tokenId, stripeCardId, atS, status, wallet, network }: TokenSighting,
): Promise<Applied> {
  const [card] = await tx<{ card_id: string; phase: string; known: string | null }[]>`
    select s.card_id, c.phase, (select t.status from tokens t where t.token_id = ${tokenId}) as known
      from stripe_cards s join cards c using (card_id)
     where s.stripe_card_id = ${stripeCardId} and s.tenant_id = ${tenantId}`;
  if (card === undefined) return 'unknown';
  const changed = await tx`
    insert into tokens as k (tenant_id, token_id, stripe_card_id, status, event_created)
    values (${tenantId}, ${tokenId}, ${stripeCardId}, ${status}, ${atS})
    on conflict (token_id) do update set status = excluded.status, event_created = excluded.event_created
     where k.tenant_id = excluded.tenant_id
       and (k.event_created, coalesce(array_position(${[...RANKED]}::text[], k.status), 0), k.status)
         < (excluded.event_created, coalesce(array_position(${[...RANKED]}::text[], excluded.status), 0),
            excluded.status)
    returning 1`;
  if (changed.length === 0 || card.known === status) return 'applied';
  const owner = { id: card.card_id, tenantId, phase: card.phase };
  await addTimeline(tx, owner, 'token_changed', { tokenId, stripeCardId, status, wallet, network });
  return 'applied';
}
