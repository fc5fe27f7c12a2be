/** Cardholder and card at Stripe: once each, however often this runs and wherever it is interrupted. */
import type { CardFact } from '../src/domain/card-facts.ts';
import {
  parseStripeCardholderId,
  parseStripeCardId,
  type StripeCardholderId,
  type StripeCardId,
} from '../src/domain/ids.ts';
import type { CardOrder } from '../src/ports/card-store.ts';
import type { Holder } from '../src/ports/holder-store.ts';
import type { IssuedCard } from '../src/ports/issuer.ts';
import { type Created, type Creation, createOnce } from './create-once.ts';
import { type ActivityPorts, type CardArgument, holderOf, orderOf } from './ports.ts';

export interface IssueArgument extends CardArgument {
  /** The dead Stripe card of the attempt before; null at the first. */
  readonly previousCardId: StripeCardId | null;
}

export const createIssuanceActivities = (ports: ActivityPorts) => ({
  /** Answers `card_created`, `issuance_blocked` (Stripe asks for something) or `issuance_refused`. */
  async issueCard({ cardId, previousCardId }: IssueArgument): Promise<CardFact> {
    const holder = await holderOf(ports, cardId);
    const order = await orderOf(ports, cardId);
    const cardholder = await ensureCardholder(ports, holder);
    if (cardholder.kind === 'refused') return { kind: 'issuance_refused', code: cardholder.code };
    const creation = cardFor(ports, order, { cardholder: cardholder.made, previousCardId });
    const created = await createOnce(ports, creation);
    if (created.kind === 'refused') {
      const problem = await ports.issuer.cardholderProblem(holder.tenant, cardholder.made);
      if (problem !== undefined) return { kind: 'issuance_blocked', reason: problem };
      return { kind: 'issuance_refused', code: created.code };
    }
    const { made: card, attempt } = created;
    await ports.cards.recordStripeCard(order, { card, attempt, current: true });
    const { stripeCardId, status, shippingStatus } = card;
    return { kind: 'card_created', stripeCardId, status, shippingStatus };
  },
});

/** One cardholder at Stripe for each holder; the id stored first is the one that counts. */
async function ensureCardholder(
  ports: ActivityPorts,
  holder: Holder,
): Promise<Created<StripeCardholderId>> {
  const known = holder.stripeCardholderId;
  if (known !== null) return { kind: 'made', made: known, attempt: 0 };
  const created = await createOnce(ports, cardholderFor(ports, holder));
  if (created.kind === 'refused') return created;
  const { cardholderId } = holder;
  const made = await ports.holders.recordStripeCardholder(cardholderId, created.made);
  return { ...created, made };
}

function cardholderFor({ issuer }: ActivityPorts, holder: Holder): Creation<StripeCardholderId> {
  const { tenant, cardholderId } = holder;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardholderId,
    step: 'create_cardholder',
    draft: (attempt) => issuer.draftCardholder(holder, attempt),
    send: (request, key) => issuer.sendCardholder(tenant, request, key),
    find: ({ request, startedAtMs }) =>
      issuer.findCardholder(tenant, { cardholderId, request, createdSinceMs: startedAtMs }),
    reuse: async (resultId) => parseStripeCardholderId(resultId),
    idOf: (id) => id,
  };
}

function cardFor(
  { issuer, cards }: ActivityPorts,
  order: CardOrder,
  at: { readonly cardholder: StripeCardholderId; readonly previousCardId: StripeCardId | null },
): Creation<IssuedCard> {
  const { tenant, cardId } = order;
  const { cardholder, previousCardId } = at;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardId,
    step: 'create_card',
    draft: (attempt) => issuer.draftCard(order, cardholder, attempt),
    send: (request, key) => issuer.sendCard(tenant, request, key),
    async find() {
      const known = new Set(await cards.stripeCards(cardId));
      const found = await issuer.findCards(tenant, { cardId, cardholder });
      return found.find(({ stripeCardId }) => !known.has(stripeCardId));
    },
    async reuse(resultId) {
      if (resultId === previousCardId) return undefined;
      return issuer.readCard(tenant, parseStripeCardId(resultId));
    },
    idOf: ({ stripeCardId }) => stripeCardId,
  };
}
