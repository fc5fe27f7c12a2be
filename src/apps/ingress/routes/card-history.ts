import { TimelineEntry, TimelineQuery } from '../../../client/schemas/card-history.ts';
import { Decision } from '../../../client/schemas/decision.ts';
import { PageQuery, pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { type CardId, parseCardId } from '../../../domain/ids.ts';
import { found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['History'];

export function cardHistoryRoutes(app: App, { records }: IngressPorts): void {
  /** An unknown card is an error, a card without a history an empty list. */
  async function knownCard(params: { id: string }): Promise<CardId> {
    const id = pathId(parseCardId, params.id, 'CARD_NOT_FOUND');
    return found(await records.cards.find(id), 'CARD_NOT_FOUND').id;
  }

  app.get(
    '/v1/cards/:id/timeline',
    {
      schema: {
        operationId: 'listCardTimeline',
        summary: 'What happened to a card, newest first',
        description:
          'Its life, our decisions, the entries that its purchases and clearing records made, and what needed a ' +
          'person, in one order. A hold comes directly after its decision.',
        tags: TAGS,
        params: IdParams,
        querystring: TimelineQuery,
        response: { 200: pageOf(TimelineEntry) },
      },
    },
    async ({ params, query }) => {
      const cardId = await knownCard(params);
      const page = { ...pageOfQuery(query), source: query.source };
      return pageOr400(await records.history.timeline(cardId, page));
    },
  );

  app.get(
    '/v1/cards/:id/decisions',
    {
      schema: {
        operationId: 'listCardDecisions',
        summary: "Our answers to the card's purchases, newest first",
        tags: TAGS,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(Decision) },
      },
    },
    async ({ params, query }) => {
      const cardId = await knownCard(params);
      return pageOr400(await records.decisions.ofCard(cardId, pageOfQuery(query)));
    },
  );
}
