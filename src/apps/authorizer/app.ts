/** The HTTP server of the authorizer, without a socket: main.ts listens, tests inject. */
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { BoundSecret } from '../../platform/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AuthorizerMetrics } from './authorizer-metrics.ts';
import type { Decider } from './decider.ts';
import { createDecisionRecord, type DecisionRecordDependencies } from './decision-record.ts';
import { createErrorAnswers } from './error-answer.ts';
import { createReadiness, type ReadinessCheck } from './readiness.ts';
import { createRequestAnswer } from './request-answer.ts';

export const AUTHORIZATION_PATH = '/webhooks/stripe/authorizations';
/** A request event is about 4 kB; Stripe's largest are far below this. */
const BODY_MAX_BYTES = 1024 * 1024;
/** Stripe has given up by then; a connection that takes so long for 4 kB would only be held open. */
const REQUEST_WITHIN_MS = 10_000;
/** After the end has begun, answers take 500 ms at most; who has not sent his request whole by now is cut off. */
const LAST_ANSWER_WITHIN_MS = 1_000;

export interface AuthorizerApp {
  readonly decide: Decider;
  /** Where answers are kept, for people to read. */
  readonly answers: DecisionRecordDependencies['answers'];
  readonly signingSecrets: readonly BoundSecret[];
  readonly metrics: AuthorizerMetrics;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Rejects when Postgres could not decide now. */
  readonly probe: () => Promise<void>;
  readonly tracing: DecisionRecordDependencies['tracing'];
}

export function buildApp(deps: AuthorizerApp): FastifyInstance {
  const errors = createErrorAnswers(deps);
  const app = Fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_WITHIN_MS,
    logger: false,
    // A request on a connection that was open before the end began is answered like any other.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void errors.fail(error, reply),
  });
  // The signature covers the bytes as they came, whatever they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: FastifyError, _request, reply) => errors.fail(error, reply));
  app.setNotFoundHandler((_request, reply) => errors.notFound(reply));

  const readiness = createReadiness(deps.probe, deps.logger);
  endInOrder(app, readiness);
  const record = createDecisionRecord(deps);
  app.post(AUTHORIZATION_PATH, createRequestAnswer({ ...deps, record, errors }));
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const state = await readiness.check();
    return reply.status(state.ready ? 200 : 503).send(state);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(deps.registry.contentType).send(await deps.registry.metrics()),
  );
  return app;
}

/**
 * `app.close()` takes no more connections and closes those that are idle. Those with a request under way get its
 * answer, and are told that it was the last; a connection that is only held open is closed in the end.
 */
function endInOrder(app: FastifyInstance, readiness: ReadinessCheck): void {
  let isEnding = false;
  let lastCall: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    isEnding = true;
    readiness.end();
    lastCall = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWER_WITHIN_MS);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isEnding) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onClose', async () => clearTimeout(lastCall));
}
