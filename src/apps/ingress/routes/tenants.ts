import { PageQuery, pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { NewTenant, Tenant } from '../../../client/schemas/tenant.ts';
import { parseStripeAccountId, parseTenantId } from '../../../domain/ids.ts';
import type { Records } from '../../../ports/records.ts';
import type { Tenant as TenantRecord } from '../../../ports/tenants.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError, found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { newId } from '../new-id.ts';
import { pageOr400 } from './path-id.ts';

export function tenantRoutes(app: App, { answers, records }: IngressPorts): void {
  app.post(
    '/v1/tenants',
    {
      schema: {
        operationId: 'createTenant',
        summary: 'Registers the platform, or a connected account',
        tags: ['Tenants'],
        body: NewTenant,
        response: { 201: Tenant },
      },
    },
    async ({ body: { name, stripeAccount } }, reply) => {
      const { body } = await answerOnce(answers, reply, 201, async ({ tenants }) => {
        const made = await tenants.create({
          id: parseTenantId(newId('tenant')),
          name,
          stripeAccount: stripeAccount === undefined ? null : parseStripeAccountId(stripeAccount),
        });
        if (made.kind === 'exists') throw new ApiError('TENANT_EXISTS', { tenantId: made.id });
        return made.tenant;
      });
      return reply.code(201).send(body);
    },
  );

  app.get(
    '/v1/tenants',
    {
      schema: {
        operationId: 'listTenants',
        summary: 'Lists tenants',
        tags: ['Tenants'],
        querystring: PageQuery,
        response: { 200: pageOf(Tenant) },
      },
    },
    async ({ query }) => pageOr400(await records.tenants.list(pageOfQuery(query))),
  );
}

/** The tenant that a body names; without a name the platform, when there is no other to confuse it with. */
export async function tenantOf(
  { tenants }: Records,
  tenantId: string | undefined,
): Promise<TenantRecord> {
  if (tenantId === undefined) return found(await tenants.onlyPlatform(), 'TENANT_REQUIRED');
  return found(await tenants.find(parseTenantId(tenantId)), 'TENANT_NOT_FOUND', { tenantId });
}
