/** The HTTP server of the ingress, without a socket: main.ts listens, tests inject. */
import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from 'fastify';
import { createAfterCommit } from './after-commit.ts';
import { createErrorHandler } from './error-handler.ts';
import { ApiError, errorBody } from './errors.ts';
import { measureRequests } from './http-metrics.ts';
import type { App, IngressOptions } from './ingress-ports.ts';
import { registerOpenApi } from './open-api.ts';
import { accountBookingRoutes } from './routes/account-bookings.ts';
import { accountChangeRoutes } from './routes/account-changes.ts';
import { accountHistoryRoutes } from './routes/account-history.ts';
import { accountRoutes } from './routes/accounts.ts';
import { attentionRoutes } from './routes/attention.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { authorizationRoutes } from './routes/authorizations.ts';
import { cardCommandRoutes } from './routes/card-commands.ts';
import { cardControlRoutes } from './routes/card-controls.ts';
import { cardHistoryRoutes } from './routes/card-history.ts';
import { cardReplacementRoutes } from './routes/card-replacements.ts';
import { cardholderRoutes } from './routes/cardholders.ts';
import { cardRoutes } from './routes/cards.ts';
import { changeRoutes } from './routes/changes.ts';
import { completenessRoutes } from './routes/completeness.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { figureRoutes } from './routes/figures.ts';
import { kycVerdictRoutes } from './routes/kyc-verdicts.ts';
import { operationRoutes } from './routes/operations.ts';
import { spendingControlRoutes } from './routes/spending-controls.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { transactionRoutes } from './routes/transactions.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { BODY_BYTES_MAX, createConnectionEnder, SERVER_LIMITS } from './server-limits.ts';
import { applyV1Conventions } from './v1-conventions.ts';

/** Ids of events may be a provider's own words, as long as Stripe's ids may be. */
const PARAMETER_CHARS_MAX = 300;

export async function buildApp(options: IngressOptions): Promise<App> {
  const { ports } = options;
  const loggerInstance: FastifyBaseLogger = options.logger;
  const app: App = Fastify({
    loggerInstance,
    ...SERVER_LIMITS,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAMETER_CHARS_MAX },
    genReqId: () => randomUUID(),
    // Paths and queries hold names of customers, which do not belong in logs.
    logController: new LogController({ disableRequestLogging: true }),
    // A body is taken as it was sent, or refused: nothing is converted or dropped in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      void reply.code(400).send(errorBody('BAD_REQUEST'));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler(createErrorHandler(ports.isOutage));
  // Before a body is read: anybody may send one to nowhere, and it would be kept whole.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw new ApiError('ROUTE_NOT_FOUND');
  });
  const { endWhenDone } = createConnectionEnder(app.server);
  app.addHook('preClose', async () => endWhenDone());
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  measureRequests(app, options.metrics);
  await registerOpenApi(app);
  operationRoutes(app, options);
  await app.register(async (scope) => webhookRoutes(scope, options));
  await app.register(async (scope) => registerV1(scope, options));
  return app;
}

function registerV1(app: App, { ports, apiKeys, logger }: IngressOptions): void {
  const afterCommit = createAfterCommit(ports, logger);
  applyV1Conventions(app, { bootstrapKeys: apiKeys, apiKeys: ports.apiKeys, clock: ports.clock });
  tenantRoutes(app, ports);
  accountRoutes(app, ports);
  accountChangeRoutes(app, ports);
  accountBookingRoutes(app, ports);
  accountHistoryRoutes(app, ports);
  cardholderRoutes(app, ports);
  kycVerdictRoutes(app, ports);
  cardRoutes(app, ports, afterCommit);
  cardControlRoutes(app, ports, afterCommit);
  cardReplacementRoutes(app, ports, afterCommit);
  cardCommandRoutes(app, ports);
  spendingControlRoutes(app, ports);
  cardHistoryRoutes(app, ports);
  decisionRoutes(app, ports);
  authorizationRoutes(app, ports);
  transactionRoutes(app, ports);
  changeRoutes(app, ports);
  attentionRoutes(app, ports);
  eventRoutes(app, ports);
  auditLogRoutes(app, ports);
  figureRoutes(app, ports);
  completenessRoutes(app, ports);
}
