/** Cardholder and card at Stripe: once each, however often this runs and wherever it is interrupted. */
import { ApplicationFailure } from '@temporalio/common';
import { expiresMs } from '../src/domain/card-expiry.ts';
import type { CardFact } from '../src/domain/card-facts.ts';
import {
  type CardId,
  parseStripeCardId,
  type StripeCardholderId,
  type StripeCardId,
} from '../src/domain/ids.ts';
import {
  holderVerdict,
  refusalVerdict,
  type StripeRefusal,
  type Verdict,
} from '../src/domain/stripe-refusals.ts';
import type { Attempt } from '../src/ports/attempt-store.ts';
import type { ReplacedCard } from '../src/ports/card-issuer.ts';
import type { CardOrder } from '../src/ports/card-store.ts';
import type { IssuedCard } from '../src/ports/issuer.ts';
import { type Created, type Creation, createOnce } from './create-once.ts';
import { type ActivityPorts, type CardArgument, holderOf, orderOf } from './ports.ts';
import { readyCardholder } from './ready-cardholder.ts';
import { issuanceStopped } from './refusal-fact.ts';
import { replacedAtStripe } from './replaced-card.ts';
import { endStripeCard } from './stripe-card-end.ts';

export interface IssueArgument extends CardArgument {
  /** The dead Stripe card of the attempt before; null at the first. */
  readonly previousCardId: StripeCardId | null;
}

/** A lost or stolen card that Stripe does not cancel: a second live card is not made beside it. */
const REPLACED_CARD_ALIVE = 'replaced_card_not_canceled';

export const createIssuanceActivities = (ports: ActivityPorts) => ({
  /**
   * Answers `card_created`, `issuance_blocked` (the holder owes Stripe something, or a person has to correct the
   * request) or `issuance_refused` (for good).
   */
  async issueCard({ cardId, previousCardId }: IssueArgument): Promise<CardFact> {
    const order = await orderOf(ports, cardId);
    const cardholder = await readyCardholder(ports, await holderOf(ports, cardId));
    if (cardholder.kind === 'stopped') {
      const { verdict } = cardholder;
      const isMade = verdict.kind === 'give_up' && (await mayBeMade(ports, cardId));
      // A person cancels what may be there already; to give it up would leave it at Stripe.
      return isMade
        ? { kind: 'issuance_blocked', reason: verdict.reason }
        : issuanceStopped(verdict);
    }
    const replaced = await replacedAtStripe(ports, order);
    if (replaced.kind === 'not_canceled') {
      return { kind: 'issuance_blocked', reason: REPLACED_CARD_ALIVE };
    }
    const wanted = { cardholder: cardholder.id, previousCardId, replaced: replaced.link };
    const created = await createCard(ports, order, wanted);
    if (created.kind === 'refused') {
      return issuanceStopped(await whyRefused(ports, order, { id: cardholder.id, created }));
    }
    const { made: card, attempt } = created;
    await ports.cards.recordStripeCard(order, { card, attempt, current: true });
    await checkNumber(ports, cardId);
    await ports.cards.recordWarning(order.tenant, card);
    const { stripeCardId, status, shippingStatus, expMonth, expYear } = card;
    const expires = expiresMs(expMonth, expYear);
    return { kind: 'card_created', stripeCardId, status, shippingStatus, expiresMs: expires };
  },
});

/**
 * The old card may have been lost while this one was asked for with its number. The row says so from then on, and is
 * read after the card was recorded: whoever loses it later finds the card. @throws for the repeat, which ends it.
 */
async function checkNumber(ports: ActivityPorts, cardId: CardId): Promise<void> {
  const order = await orderOf(ports, cardId);
  if (lossOf(order) === null) return;
  const made = await ports.attempts.latest(cardId, 'create_card');
  if (made === undefined || !hasSameNumber(made)) return;
  throw ApplicationFailure.retryable('its number was lost while it was made', 'NUMBER_LOST');
}

/** How the number of the card whose place this one takes was lost; null when it lives on. */
function lossOf({ replaced }: CardOrder): 'lost' | 'stolen' | null {
  const reason = replaced?.reason;
  return reason === 'lost' || reason === 'stolen' ? reason : null;
}

const hasSameNumber = ({ request: { replacement_reason: reason } }: Attempt): boolean =>
  reason === 'damaged' || reason === 'expired';

async function mayBeMade({ attempts }: ActivityPorts, cardId: CardId): Promise<boolean> {
  const attempt = await attempts.latest(cardId, 'create_card');
  return attempt !== undefined && attempt.outcome.kind !== 'refused';
}

interface WantedCard {
  readonly cardholder: StripeCardholderId;
  readonly previousCardId: StripeCardId | null;
  readonly replaced: ReplacedCard | null;
}

/** A replacement that Stripe does not link to the old card any more is made without the link. */
async function createCard(
  ports: ActivityPorts,
  order: CardOrder,
  wanted: WantedCard,
): Promise<Created<IssuedCard>> {
  const created = await createOnce(ports, cardFor(ports, order, wanted));
  const isUnlinkable = created.kind === 'refused' && created.param?.startsWith('replacement_');
  if (isUnlinkable !== true || wanted.replaced === null) return created;
  return createOnce(ports, cardFor(ports, order, { ...wanted, replaced: null }));
}

/** What stands against the holder explains a refusal better than its code does. */
async function whyRefused(
  { issuer }: ActivityPorts,
  { tenant }: CardOrder,
  refused: { readonly id: StripeCardholderId; readonly created: StripeRefusal },
): Promise<Verdict> {
  const problem = (await issuer.readCardholder(tenant, refused.id))?.problem ?? null;
  return problem === null ? refusalVerdict(refused.created) : holderVerdict(problem);
}

function cardFor(ports: ActivityPorts, order: CardOrder, wanted: WantedCard): Creation<IssuedCard> {
  const { issuer, cards } = ports;
  const { tenant, cardId } = order;
  const { cardholder, previousCardId, replaced } = wanted;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardId,
    step: 'create_card',
    draft: (attempt) => issuer.draftCard(order, { cardholder, attempt, replaced }),
    send: (request, key) => issuer.sendCard(tenant, request, key),
    async find() {
      const known = new Set(await cards.stripeCards(cardId));
      const found = await issuer.findCards(tenant, { cardId, cardholder });
      return found.find(({ stripeCardId }) => !known.has(stripeCardId));
    },
    async reuse(resultId, attempt) {
      if (resultId === previousCardId) return undefined;
      const stripeCardId = parseStripeCardId(resultId);
      const loss = lossOf(order);
      if (loss !== null && hasSameNumber(attempt)) {
        await endStripeCard(ports, tenant, { stripeCardId, reason: loss });
        return undefined;
      }
      return issuer.readCard(tenant, stripeCardId);
    },
    idOf: ({ stripeCardId }) => stripeCardId,
  };
}
