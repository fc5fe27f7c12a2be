import { AuditEntry, AuditQuery } from '../../../client/schemas/audit-log.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { pageOr400 } from './path-id.ts';

export function auditLogRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/audit-log',
    {
      schema: {
        operationId: 'listAuditLog',
        summary: 'What was done by hand, newest first',
        tags: ['Operations'],
        querystring: AuditQuery,
        response: { 200: pageOf(AuditEntry) },
      },
    },
    async ({ query }) => pageOr400(await records.auditLog.list(query, pageOfQuery(query))),
  );
}
