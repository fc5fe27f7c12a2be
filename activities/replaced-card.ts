/** The Stripe card that a replacement takes the place of. */
import type { ReplacedCard } from '../src/ports/card-issuer.ts';
import type { CardOrder } from '../src/ports/card-store.ts';
import type { ActivityPorts } from './ports.ts';
import { endStripeCard } from './stripe-card-end.ts';

/** `link` names the card that Stripe is to link the new one to; null for a card like any other. */
type ReplacedAtStripe =
  | { readonly kind: 'ready'; readonly link: ReplacedCard | null }
  | { readonly kind: 'not_canceled' };

const UNLINKED: ReplacedAtStripe = { kind: 'ready', link: null };

/**
 * Makes the card that is replaced ready for it: a lost or stolen one has to be dead before Stripe makes another, a
 * damaged or expired one has to live until then. Without a link where Stripe would not make one any more; then only our
 * own rows tell.
 */
export async function replacedAtStripe(
  ports: ActivityPorts,
  order: CardOrder,
): Promise<ReplacedAtStripe> {
  const { replaced, tenant } = order;
  if (replaced === null || replaced.stripeCardId === null) return UNLINKED;
  const { stripeCardId, reason } = replaced;
  const card = await ports.issuer.readCard(tenant, stripeCardId);
  if (card === undefined) return UNLINKED;
  if (reason === 'lost' || reason === 'stolen') {
    const end = await endStripeCard(ports, tenant, { stripeCardId, reason });
    if (end.kind === 'cancel_refused') return { kind: 'not_canceled' };
  } else if (card.status === 'canceled') {
    return UNLINKED;
  }
  return card.replacedBy === null ? { kind: 'ready', link: { stripeCardId, reason } } : UNLINKED;
}
