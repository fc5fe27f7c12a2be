import {
  AttentionItem,
  AttentionQuery,
  ResolveAttention,
} from '../../../client/schemas/attention.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { parseAttentionId } from '../../../domain/ids.ts';
import type { ResolveOutcome } from '../../../ports/attention.ts';
import { answerOnce } from '../answer-once.ts';
import { byHand } from '../by-hand.ts';
import { ApiError } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['Operations'];

export function attentionRoutes(app: App, { answers, records }: IngressPorts): void {
  app.get(
    '/v1/attention',
    {
      schema: {
        operationId: 'listAttention',
        summary: 'What only a person can settle',
        tags: TAGS,
        querystring: AttentionQuery,
        response: { 200: pageOf(AttentionItem) },
      },
    },
    async ({ query }) => {
      const filter = { ...query, status: query.status ?? 'open' } as const;
      return pageOr400(await records.attention.list(filter, pageOfQuery(query)));
    },
  );

  app.post(
    '/v1/attention/:id/resolve',
    {
      schema: {
        operationId: 'resolveAttention',
        summary: 'Closes an item that a person has settled',
        description: 'One that follows a state is refused with what to do about it.',
        tags: TAGS,
        params: IdParams,
        body: ResolveAttention,
        response: { 200: AttentionItem },
      },
    },
    async (request, reply) => {
      const id = pathId(parseAttentionId, request.params.id, 'ATTENTION_NOT_FOUND');
      const act = { ...byHand(request, request.body), ...request.body };
      const { body } = await answerOnce(answers, reply, 200, async ({ attention }) =>
        resolvedOr409(await attention.resolve(id, act)),
      );
      return body;
    },
  );
}

function resolvedOr409(outcome: ResolveOutcome) {
  if (outcome.kind === 'unknown') throw new ApiError('ATTENTION_NOT_FOUND');
  const { kind, resolution, resolvedBy, closedAt, remedy } = outcome.item;
  switch (outcome.kind) {
    case 'resolved':
      return outcome.item;
    case 'closed_before':
      throw new ApiError('ATTENTION_CLOSED', { resolution, resolvedBy, closedAt });
    case 'follows_state':
      throw new ApiError('ATTENTION_FOLLOWS_STATE', { kind, remedy });
  }
}
