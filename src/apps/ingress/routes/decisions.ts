import { Decision } from '../../../client/schemas/decision.ts';
import { parseDecisionId } from '../../../domain/ids.ts';
import { found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pathId } from './path-id.ts';

export function decisionRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/decisions/:id',
    {
      schema: {
        operationId: 'getDecision',
        summary: 'Explains our answer to one request',
        description: 'Stripe shows the id in the metadata of the authorization.',
        tags: ['History'],
        params: IdParams,
        response: { 200: Decision },
      },
    },
    async ({ params }) => {
      const id = pathId(parseDecisionId, params.id, 'DECISION_NOT_FOUND');
      return found(await records.decisions.find(id), 'DECISION_NOT_FOUND');
    },
  );
}
