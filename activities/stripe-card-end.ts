/** The end of one Stripe card, whoever asks for it. */
import type { CancelReason } from '../src/domain/card-facts.ts';
import type { StripeCardId } from '../src/domain/ids.ts';
import { type IssuerTenant, IssuerUnavailableError } from '../src/ports/issuer.ts';
import type { ActivityPorts } from './ports.ts';
import { statusRefused } from './refusal-fact.ts';

type CardEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'cancel_refused'; readonly code: string };

/**
 * Cancels the card unless it is dead already. Of a lost or stolen one the tokens in wallets are suspended first.
 * @throws a retryable failure for a refusal that passes by itself.
 */
export async function endStripeCard(
  { issuer }: ActivityPorts,
  tenant: IssuerTenant,
  what: { readonly stripeCardId: StripeCardId; readonly reason: CancelReason },
): Promise<CardEnd> {
  const { stripeCardId, reason } = what;
  if (await isGone(issuer, tenant, stripeCardId)) return { kind: 'ended' };
  if (reason !== 'requested') await suspendTokens(issuer, tenant, stripeCardId);
  const answer = await issuer.setCardStatus(tenant, stripeCardId, { status: 'canceled', reason });
  // Somebody else may have cancelled it meanwhile, and a dead card takes no status.
  if (answer.kind === 'changed' || (await isGone(issuer, tenant, stripeCardId))) {
    return { kind: 'ended' };
  }
  return { kind: 'cancel_refused', code: statusRefused(answer) };
}

/** Unknown to Stripe or dead already: there is nothing to cancel. */
async function isGone(
  issuer: ActivityPorts['issuer'],
  tenant: IssuerTenant,
  id: StripeCardId,
): Promise<boolean> {
  const card = await issuer.readCard(tenant, id);
  return card === undefined || card.status === 'canceled';
}

async function suspendTokens(
  issuer: ActivityPorts['issuer'],
  tenant: IssuerTenant,
  id: StripeCardId,
): Promise<void> {
  try {
    await issuer.suspendTokens(tenant, id);
  } catch (error) {
    // The tokens of a cancelled card pay nothing either: trouble with them must not keep the card alive.
    if (!(error instanceof IssuerUnavailableError)) throw error;
  }
}
