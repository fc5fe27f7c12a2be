/** Cardholders and cards at Stripe. Every object carries our ids in its metadata; every call names its account. */
import type { Stripe } from 'stripe';
import { parseTransactionId } from '../../domain/ids.ts';
import { DISPUTE_STATUSES } from '../../domain/sighting.ts';
import type { CardIssuer } from '../../ports/card-issuer.ts';
import type { IssuedCard } from '../../ports/issuer.ts';
import { timed } from './answered-at.ts';
import { cardParams, issuedCard, issuedCardholder, statusParams } from './card-params.ts';
import { accountOf, changing, changingOnce, creating, reading } from './client.ts';
import { cardholderParams, changedCardholderParams } from './holder-params.ts';
import { changedSpendingParams } from './spending-params.ts';

const PAGE = 100;
/** Stripe's clock and ours may differ; a wider window costs a page, a narrower one a second cardholder. */
const CREATED_MARGIN_S = 3_600;

export const createCardIssuer = (stripe: Stripe): CardIssuer => ({
  ...holderCalls(stripe),
  ...cardCalls(stripe),
});

type HolderCall =
  | 'draftCardholder'
  | 'sendCardholder'
  | 'findCardholder'
  | 'readCardholder'
  | 'updateCardholder';

function holderCalls(stripe: Stripe): Pick<CardIssuer, HolderCall> {
  const { cardholders } = stripe.issuing;
  return {
    draftCardholder: (holder, attempt) => cardholderParams(holder, attempt),

    async sendCardholder(tenant, request, idempotencyKey) {
      const options = { ...accountOf(tenant), idempotencyKey };
      return creating(async () => {
        const params = request as unknown as Stripe.Issuing.CardholderCreateParams;
        return issuedCardholder(await cardholders.create(params, options));
      });
    },

    async findCardholder(tenant, { cardholderId, request, createdSinceMs }) {
      const { email } = request;
      const gte = Math.floor(createdSinceMs / 1000) - CREATED_MARGIN_S;
      const by = typeof email === 'string' ? { email } : { created: { gte } };
      return reading(async () => {
        for await (const holder of cardholders.list({ ...by, limit: PAGE }, accountOf(tenant))) {
          if (holder.metadata['cardholder_id'] === cardholderId) return issuedCardholder(holder);
        }
        return undefined;
      });
    },

    async readCardholder(tenant, id) {
      const holder = await reading(() => cardholders.retrieve(id, {}, accountOf(tenant)));
      return holder === undefined ? undefined : issuedCardholder(holder);
    },

    updateCardholder: (holder, id, idempotencyKey) =>
      changingOnce(idempotencyKey, async (key) => {
        const options = { ...accountOf(holder.tenant), ...key };
        return issuedCardholder(
          await cardholders.update(id, changedCardholderParams(holder), options),
        );
      }),
  };
}

function cardCalls(stripe: Stripe): Omit<CardIssuer, HolderCall> {
  const { cards, tokens } = stripe.issuing;
  return {
    draftCard: (order, made) => cardParams(order, made),

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

    setSpendingControls: (tenant, id, controls) =>
      changing(async () => {
        const params = { spending_controls: changedSpendingParams(controls) };
        return issuedCard(await cards.update(id, params, accountOf(tenant)));
      }),

    async readDispute(tenant, id) {
      const { disputes } = stripe.issuing;
      const shown = await reading(() => timed(() => disputes.retrieve(id, {}, accountOf(tenant))));
      if (shown === undefined) return undefined;
      const { transaction, ...dispute } = shown.answer;
      const status = DISPUTE_STATUSES.find((known) => known === dispute.status);
      if (status === undefined) return undefined;
      const transactionId = parseTransactionId(
        typeof transaction === 'string' ? transaction : transaction.id,
      );
      return { kind: 'dispute', disputeId: id, transactionId, atS: shown.asOfS, status };
    },

    async suspendTokens(tenant, id) {
      const active = await reading(async () => {
        const query = { card: id, status: 'active', limit: PAGE } as const;
        const found: string[] = [];
        for await (const token of tokens.list(query, accountOf(tenant))) found.push(token.id);
        return found;
      });
      for (const token of active ?? []) {
        // Refused is one that was suspended or deleted meanwhile: it cannot be paid with either.
        await changing(() => tokens.update(token, { status: 'suspended' }, accountOf(tenant)));
      }
    },
  };
}
