/** The Stripe card that a replacement takes the place of. */
import type { ReplacedCard } from '../src/ports/card-issuer.ts';
import type { CardOrder } from '../src/ports/card-store.ts';
import type { ActivityPorts } from './ports.ts';
import { endStripeCard } from './stripe-card-end.ts';

/**
 * Makes the card that is replaced ready for it: a lost or stolen one has to be dead before Stripe makes another, a
 * damaged or expired one has to live until then. Null where Stripe would not link the two any more; the replacement is
 * then a card like any other, and only our own rows link them.
 */
export async function replacedAtStripe(
  ports: ActivityPorts,
  order: CardOrder,
): Promise<ReplacedCard | null> {
  const { replaced, tenant } = order;
  if (replaced === null || replaced.stripeCardId === null) return null;
  const { stripeCardId, reason } = replaced;
  const card = await ports.issuer.readCard(tenant, stripeCardId);
  if (card === undefined) return null;
  if (reason === 'lost' || reason === 'stolen') {
    await endStripeCard(ports, tenant, { stripeCardId, reason });
  } else if (card.status === 'canceled') {
    return null;
  }
  return card.replacedBy === null ? { stripeCardId, reason } : null;
}
