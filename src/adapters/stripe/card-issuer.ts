/** Cardholders and cards at Stripe. Every object carries our ids in its metadata; every call names its account. */
import type { Stripe } from 'stripe';
import type { ShippingStatus, StripeCardStatus } from '../../domain/card-facts.ts';
import { parseStripeCardholderId, parseStripeCardId } from '../../domain/ids.ts';
import { STRIPE_SPENDING_LIMIT_PER_AUTHORIZATION_MINOR } from '../../domain/limits.ts';
import type { CardIssuer, StatusChange } from '../../ports/card-issuer.ts';
import type { CardOrder } from '../../ports/card-store.ts';
import type { FrozenRequest, IssuedCard } from '../../ports/issuer.ts';
import { accountOf, changing, creating, reading } from './client.ts';
import { cardholderParams, shippingParams } from './holder-params.ts';

const PAGE = 100;
/** Stripe's clock and ours may differ; a wider window costs a page, a narrower one a second cardholder. */
const CREATED_MARGIN_S = 3_600;

export function createCardIssuer(stripe: Stripe): CardIssuer {
  const { cards, cardholders } = stripe.issuing;
  return {
    draftCardholder: (holder, attempt) => cardholderParams(holder, attempt),

    async sendCardholder(tenant, request, idempotencyKey) {
      const options = { ...accountOf(tenant), idempotencyKey };
      return creating(async () => {
        const params = request as unknown as Stripe.Issuing.CardholderCreateParams;
        return parseStripeCardholderId((await cardholders.create(params, options)).id);
      });
    },

    async findCardholder(tenant, { cardholderId, request, createdSinceMs }) {
      const { email } = request;
      const gte = Math.floor(createdSinceMs / 1000) - CREATED_MARGIN_S;
      const by = typeof email === 'string' ? { email } : { created: { gte } };
      const found = await reading(async () => {
        for await (const holder of cardholders.list({ ...by, limit: PAGE }, accountOf(tenant))) {
          if (holder.metadata['cardholder_id'] === cardholderId) return holder;
        }
        return undefined;
      });
      return found === undefined ? undefined : parseStripeCardholderId(found.id);
    },

    async cardholderProblem(tenant, id) {
      const holder = await reading(() => cardholders.retrieve(id, {}, accountOf(tenant)));
      if (holder === undefined) return undefined;
      const { disabled_reason: disabled } = holder.requirements;
      if (disabled !== null && disabled !== undefined) return disabled;
      return holder.status === 'active' ? undefined : `cardholder_${holder.status}`;
    },

    draftCard: (order, cardholder, attempt) => cardParams(order, cardholder, attempt),

    async sendCard(tenant, request, idempotencyKey) {
      const options = { ...accountOf(tenant), idempotencyKey };
      return creating(async () => {
        const params = request as unknown as Stripe.Issuing.CardCreateParams;
        return issuedCard(await cards.create(params, options));
      });
    },

    async findCards(tenant, { cardId, cardholder }) {
      const found: IssuedCard[] = [];
      await reading(async () => {
        for await (const card of cards.list({ cardholder, limit: PAGE }, accountOf(tenant))) {
          if (card.metadata['card_id'] !== cardId || card.status === 'canceled') continue;
          found.push(issuedCard(card));
        }
      });
      return found;
    },

    async readCard(tenant, id) {
      const card = await reading(() => cards.retrieve(id, {}, accountOf(tenant)));
      return card === undefined ? undefined : issuedCard(card);
    },

    async setCardStatus(tenant, id, change) {
      const params = statusParams(change);
      const answer = await changing(() => cards.update(id, params, accountOf(tenant)));
      if (answer.kind === 'refused') return answer;
      return { kind: 'changed', card: issuedCard(answer.object) };
    },
  };
}

function statusParams({ status, reason }: StatusChange): Stripe.Issuing.CardUpdateParams {
  // A caller can give `lost` and `stolen` only; any other end has no reason at Stripe.
  if (status !== 'canceled' || reason === undefined || reason === 'requested') return { status };
  return { status, cancellation_reason: reason };
}

/** Made `inactive`, whatever its type: a card is active only once we have asked for it. */
function cardParams(order: CardOrder, cardholder: string, attempt: number): FrozenRequest {
  const { type, currency, shipping } = order;
  const params: Stripe.Issuing.CardCreateParams = {
    type,
    currency,
    cardholder,
    status: 'inactive',
    // An explicit limit takes the place of Stripe's 500 USD a day; the true limits are decided by us.
    spending_controls: {
      spending_limits: [
        { amount: STRIPE_SPENDING_LIMIT_PER_AUTHORIZATION_MINOR, interval: 'per_authorization' },
      ],
    },
    metadata: {
      card_id: order.cardId,
      cardholder_id: order.cardholderId,
      tenant_id: order.tenant.tenantId,
      attempt: String(attempt),
    },
    ...(type === 'physical' && shipping !== null ? { shipping: shippingParams(shipping) } : {}),
  };
  return { ...params };
}

const SHIPPING_STATUSES: readonly ShippingStatus[] = [
  'pending',
  'submitted',
  'shipped',
  'delivered',
  'returned',
  'failure',
  'canceled',
];
const CARD_STATUSES: readonly StripeCardStatus[] = ['active', 'inactive', 'canceled'];

/** Stripe's enumerations are open: a status that we do not know cannot be spent with, and is no news of a parcel. */
function issuedCard(card: Stripe.Issuing.Card): IssuedCard {
  return {
    stripeCardId: parseStripeCardId(card.id),
    status: CARD_STATUSES.find((status) => status === card.status) ?? 'inactive',
    cancellationReason: card.cancellation_reason,
    shippingStatus: SHIPPING_STATUSES.find((status) => status === card.shipping?.status) ?? null,
    last4: card.last4,
    expMonth: card.exp_month,
    expYear: card.exp_year,
  };
}
