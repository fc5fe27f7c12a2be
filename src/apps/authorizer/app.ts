/** The HTTP side of the authorizer: verifies, reads, asks the decider, and answers in Stripe's form. */
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Registry } from 'prom-client';
import { readAuthorizationRequest } from '../../adapters/stripe/read-request.ts';
import { verifyStripeEvent } from '../../adapters/stripe/signature.ts';
import {
  type Json,
  optionalText,
  textAt,
  UnreadableEventError,
} from '../../adapters/stripe/wire.ts';
import type { AuthorizationRequest } from '../../domain/decision.ts';
import { InvalidIdError } from '../../domain/ids.ts';
import type { BoundSecret } from '../../platform/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AuthorizerMetrics } from './authorizer-metrics.ts';
import type { Decider, DecisionAnswer } from './decider.ts';

export const AUTHORIZATION_PATH = '/webhooks/stripe/authorizations';
/** A request event is about 4 kB; Stripe's largest are far below this. */
const BODY_MAX_BYTES = 1024 * 1024;
/** Name under which a signing secret is bound to the platform's own account. */
const PLATFORM = 'platform';
const HTTP_BAD_REQUEST = 400;
const HTTP_NOT_FOUND = 404;
const HTTP_TOO_LARGE = 413;
const HTTP_SERVER_ERROR = 500;

export interface AuthorizerApp {
  readonly decide: Decider;
  readonly signingSecrets: readonly BoundSecret[];
  readonly metrics: AuthorizerMetrics;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly isReady: () => Promise<boolean>;
}

export function buildApp(deps: AuthorizerApp): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_MAX_BYTES, logger: false });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error: FastifyError, _request, reply) => answerFailure(deps, error, reply));
  app.setNotFoundHandler((_request, reply) =>
    answerError(reply, HTTP_NOT_FOUND, { code: 'NOT_FOUND', message: 'There is no such route.' }),
  );
  const secrets = [...new Set(deps.signingSecrets.map((bound) => bound.secret))];
  const answerDeps: AnswerDependencies = { ...deps, secrets };
  app.post(AUTHORIZATION_PATH, (request, reply) => answerRequest(answerDeps, request, reply));
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = await deps.isReady();
    return reply.status(ready ? 200 : 503).send({ ready });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(deps.registry.contentType).send(await deps.registry.metrics()),
  );
  return app;
}

/** What a request needs, with the secrets to try, each once, worked out when the app is built. */
interface AnswerDependencies extends AuthorizerApp {
  readonly secrets: readonly string[];
}

async function answerRequest(
  deps: AnswerDependencies,
  http: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const receivedMs = deps.clock.nowMs();
  const verified = verifyStripeEvent({
    rawBody: Buffer.isBuffer(http.body) ? http.body : Buffer.alloc(0),
    signatureHeader: http.headers['stripe-signature'],
    secrets: deps.secrets,
  });
  if (verified.kind === 'refused') return refuse(deps, reply, verified.reason);
  const { event } = verified;
  const account = optionalText(event, 'account') ?? PLATFORM;
  const secret = deps.secrets[verified.secretIndex];
  // A secret that leaked from one tenant must not decide for another.
  if (!deps.signingSecrets.some((bound) => bound.secret === secret && bound.account === account)) {
    return refuse(deps, reply, 'wrong_account');
  }
  const request = readRequest(event);
  if (request === null) return refuse(deps, reply, 'not_a_request');
  const answer = await deps.decide(request.asked, receivedMs);
  record(deps, request.asked, answer, deps.clock.nowMs() - receivedMs);
  return reply
    .status(200)
    .header('Stripe-Version', request.apiVersion)
    .send(toStripe(request.asked, answer));
}

interface ReadRequest {
  readonly asked: AuthorizationRequest;
  readonly apiVersion: string;
}

/** All that is needed for an answer, read before anything is held; null when it is no request we can answer. */
function readRequest(event: Json): ReadRequest | null {
  if (event['type'] !== 'issuing_authorization.request') return null;
  try {
    return { asked: readAuthorizationRequest(event), apiVersion: textAt(event, 'api_version') };
  } catch (error) {
    if (error instanceof UnreadableEventError || error instanceof InvalidIdError) return null;
    throw error;
  }
}

/** Stripe's answer. The metadata key is the request's id, by which convergence finds the decision confirmed. */
function toStripe(request: AuthorizationRequest, answer: DecisionAnswer): Record<string, unknown> {
  const note = answer.decisionId === null ? answer.reason : `${answer.decisionId} ${answer.reason}`;
  const isPartial = answer.approved && answer.approvedMinor < request.askedMinor;
  return {
    approved: answer.approved,
    ...(isPartial ? { amount: answer.approvedMinor } : {}),
    metadata: { [request.requestId]: note },
  };
}

function refuse(deps: AuthorizerApp, reply: FastifyReply, cause: string): FastifyReply {
  deps.metrics.refused.inc({ cause });
  deps.logger.warn({ cause }, 'authorization request refused');
  const message = `The request was not answered: ${cause}.`;
  return answerError(reply, HTTP_BAD_REQUEST, { code: 'REQUEST_REFUSED', message });
}

/** What Fastify refused before our code saw it, or what failed in it; the text of our own failures stays inside. */
function answerFailure(
  deps: AuthorizerApp,
  error: FastifyError,
  reply: FastifyReply,
): FastifyReply {
  const status = error.statusCode ?? HTTP_SERVER_ERROR;
  if (status === HTTP_TOO_LARGE) {
    deps.metrics.refused.inc({ cause: 'too_large' });
    const message = 'The body is larger than 1 MB.';
    return answerError(reply, status, { code: 'BODY_TOO_LARGE', message });
  }
  if (status >= HTTP_BAD_REQUEST && status < HTTP_SERVER_ERROR) {
    return refuse(deps, reply, 'not_a_request');
  }
  deps.logger.error({ err: error }, 'request failed');
  const message = 'Something went wrong on our side.';
  return answerError(reply, HTTP_SERVER_ERROR, { code: 'INTERNAL', message });
}

/** The one shape of every error, as that of the ingress; docs/api.md lists the codes. */
const answerError = (
  reply: FastifyReply,
  status: number,
  error: { readonly code: string; readonly message: string },
): FastifyReply => reply.status(status).send({ error });

function record(
  deps: AuthorizerApp,
  request: AuthorizationRequest,
  answer: DecisionAnswer,
  tookMs: number,
): void {
  deps.metrics.latency.observe(tookMs / 1000);
  deps.metrics.decisions.inc({ approved: String(answer.approved), reason: answer.reason });
  deps.logger.info(
    {
      request: request.requestId,
      authorization: request.authorizationId,
      decision: answer.decisionId,
      approved: answer.approved,
      reason: answer.reason,
      tookMs: Math.round(tookMs * 100) / 100,
    },
    'decided',
  );
}
