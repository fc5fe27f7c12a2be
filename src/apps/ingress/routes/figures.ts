import { InboxSummary, TrialBalance, TrialBalanceQuery } from '../../../client/schemas/figures.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';

const TAGS = ['Operations'];

export function figureRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/ledger/trial-balance',
    {
      schema: {
        operationId: 'getTrialBalance',
        summary: 'Balances by tenant, currency and kind; per currency they sum to zero',
        tags: TAGS,
        querystring: TrialBalanceQuery,
        response: { 200: TrialBalance },
      },
    },
    ({ query }) => records.figures.trialBalance(query.tenantId),
  );

  app.get(
    '/v1/inbox/summary',
    {
      schema: {
        operationId: 'getInboxSummary',
        summary: 'What became of the events received',
        tags: TAGS,
        response: { 200: InboxSummary },
      },
    },
    () => records.figures.inbox(),
  );
}
