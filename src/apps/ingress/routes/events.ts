/** The stored events, for the people who run the program. */
import { EventFate, EventQuery, EventSummary, ReplayEvent } from '../../../client/schemas/event.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { isStorable } from '../../../platform/storable-text.ts';
import { answerOnce } from '../answer-once.ts';
import { byHand } from '../by-hand.ts';
import { ApiError, found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { realMoment } from './moment.ts';
import { IdParams, pageOr400 } from './path-id.ts';

const TAGS = ['Operations'];
const HTTP_ACCEPTED = 202;

export function eventRoutes(app: App, ports: IngressPorts): void {
  readRoutes(app, ports);
  app.post(
    '/v1/events/:id/replay',
    {
      schema: {
        operationId: 'replayEvent',
        summary: 'Applies a stored event once more',
        description:
          'The books take it twice like once; what it told the workflows is told anew. An event that waits is tried at once.',
        tags: TAGS,
        params: IdParams,
        body: ReplayEvent,
        response: { 202: EventFate },
      },
    },
    async (request, reply) => {
      const id = eventIdIn(request.params);
      const act = byHand(request, request.body);
      const effect = answerOnce(ports.answers, reply, HTTP_ACCEPTED, async ({ events }) => {
        const outcome = await events.replay(id, act);
        if (outcome === 'unknown') throw new ApiError('EVENT_NOT_FOUND');
        if (outcome === 'erased') throw new ApiError('EVENT_ERASED');
        return found(await events.find(id), 'EVENT_NOT_FOUND');
      });
      return reply.code(HTTP_ACCEPTED).send((await effect).body);
    },
  );
}

function readRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'Lists stored events, what came last first',
        tags: TAGS,
        querystring: EventQuery,
        response: { 200: pageOf(EventSummary) },
      },
    },
    async ({ query }) => {
      for (const name of ['from', 'to'] as const) {
        const moment = query[name];
        if (moment !== undefined) realMoment(name, moment);
      }
      return pageOr400(await records.events.list(query, pageOfQuery(query)));
    },
  );

  app.get(
    '/v1/events/:id',
    {
      schema: {
        operationId: 'getEvent',
        summary: 'Shows an event and what followed from it',
        description: 'Journal entries, facts with the workflow run that took them, and items.',
        tags: TAGS,
        params: IdParams,
        response: { 200: EventFate },
      },
    },
    async ({ params }) => found(await records.events.find(eventIdIn(params)), 'EVENT_NOT_FOUND'),
  );
}

/** A text that cannot be stored is the id of nothing. */
function eventIdIn({ id }: { readonly id: string }): string {
  if (!isStorable(id)) throw new ApiError('EVENT_NOT_FOUND');
  return id;
}
