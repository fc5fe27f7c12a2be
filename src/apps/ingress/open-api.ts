/** The OpenAPI document, made from the schemas of the routes, and the page that shows it. */
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { packageVersion } from '../../platform/package-version.ts';
import type { App } from './ingress-ports.ts';

export async function registerOpenApi(app: App): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Issuing orchestrator',
        version: packageVersion(),
        description:
          'Runs a card program on Stripe Issuing. Amounts are whole minor units, currencies lower-case, ' +
          'times ISO 8601. Every POST and PUT under /v1 needs an Idempotency-Key. Errors have one shape.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      tags: [
        { name: 'Tenants', description: 'Stripe accounts: the platform and connected ones' },
        { name: 'Accounts', description: "Customers' money" },
        { name: 'Cardholders', description: 'People and companies on cards' },
        { name: 'Cards', description: 'Cards and what can be asked of them' },
        { name: 'History', description: 'What happened' },
        { name: 'Operations', description: 'For the people who run the program' },
        { name: 'Webhooks', description: 'What Stripe calls' },
      ],
    },
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
