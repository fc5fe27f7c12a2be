import { AttentionItem, AttentionQuery } from '../../../client/schemas/attention.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { pageOr400 } from './path-id.ts';

export function attentionRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/attention',
    {
      schema: {
        operationId: 'listAttention',
        summary: 'What only a person can settle',
        tags: ['Operations'],
        querystring: AttentionQuery,
        response: { 200: pageOf(AttentionItem) },
      },
    },
    async ({ query }) => {
      const filter = { ...query, status: query.status ?? 'open' } as const;
      return pageOr400(await records.attention.list(filter, pageOfQuery(query)));
    },
  );
}
