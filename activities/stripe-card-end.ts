/** The end of one Stripe card, whoever asks for it. */
import { ApplicationFailure } from '@temporalio/common';
import type { CancelReason } from '../src/domain/card-facts.ts';
import type { StripeCardId } from '../src/domain/ids.ts';
import { type IssuerTenant, IssuerUnavailableError } from '../src/ports/issuer.ts';
import type { ActivityPorts } from './ports.ts';

/** A status that Stripe refuses for no reason we can see is tried again after this long. */
const REFUSED_CANCEL_RETRY = '5m';

/** Cancels the card unless it is dead already. Of a lost or stolen one the tokens in wallets are suspended first. */
export async function endStripeCard(
  { issuer }: ActivityPorts,
  tenant: IssuerTenant,
  what: { readonly stripeCardId: StripeCardId; readonly reason: CancelReason },
): Promise<void> {
  const { stripeCardId, reason } = what;
  const card = await issuer.readCard(tenant, stripeCardId);
  // Unknown to Stripe or dead already: there is nothing to cancel.
  if (card === undefined || card.status === 'canceled') return;
  if (reason !== 'requested') await suspendTokens(issuer, tenant, stripeCardId);
  const answer = await issuer.setCardStatus(tenant, stripeCardId, { status: 'canceled', reason });
  if (answer.kind === 'changed') return;
  throw ApplicationFailure.create({
    message: `Stripe refuses to cancel ${stripeCardId}: ${answer.code}`,
    type: 'CANCEL_REFUSED',
    nextRetryDelay: REFUSED_CANCEL_RETRY,
  });
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
