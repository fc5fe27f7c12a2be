import { PageQuery, pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { NewTenant, Tenant, TenantSettings } from '../../../client/schemas/tenant.ts';
import { parseStripeAccountId, parseTenantId } from '../../../domain/ids.ts';
import { minorUnits } from '../../../domain/money.ts';
import type { Records } from '../../../ports/records.ts';
import type { Tenant as TenantRecord } from '../../../ports/tenants.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError, found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { requireKycProvider } from '../kyc-provider-check.ts';
import { newId } from '../new-id.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

export function tenantRoutes(app: App, ports: IngressPorts): void {
  writeRoutes(app, ports);
  readRoutes(app, ports);
}

function writeRoutes(app: App, ports: IngressPorts): void {
  const { answers } = ports;
  app.post(
    '/v1/tenants',
    {
      config: { scope: 'admin' },
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

  app.post(
    '/v1/tenants/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'changeTenant',
        summary: 'Changes settings of a tenant',
        description: 'Purchases that arrive once this has answered are decided by it.',
        tags: ['Tenants'],
        params: IdParams,
        body: TenantSettings,
        response: { 200: Tenant },
      },
    },
    async ({ params, body: { fuelHoldMinor, ...settings } }, reply) => {
      const id = pathId(parseTenantId, params.id, 'TENANT_NOT_FOUND');
      const { body } = await answerOnce(answers, reply, 200, async ({ tenants }) => {
        requireKycProvider(ports, settings.kycProvider);
        const fuel = fuelHoldMinor === undefined ? undefined : minorUnits(fuelHoldMinor);
        const wanted = { ...settings, fuelHoldMinor: fuel };
        return found(await tenants.changeSettings(id, wanted), 'TENANT_NOT_FOUND');
      });
      return body;
    },
  );
}

function readRoutes(app: App, { records }: IngressPorts): void {
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

  app.get(
    '/v1/tenants/:id',
    {
      schema: {
        operationId: 'getTenant',
        summary: 'Shows a tenant with its settings',
        tags: ['Tenants'],
        params: IdParams,
        response: { 200: Tenant },
      },
    },
    async ({ params }) => {
      const id = pathId(parseTenantId, params.id, 'TENANT_NOT_FOUND');
      return found(await records.tenants.find(id), 'TENANT_NOT_FOUND');
    },
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
