/** What all routes under /v1 share: the API key, the Idempotency-Key, the form of bodies and texts, error answers. */
import { type RouteOptions } from 'fastify';
import { Type } from 'typebox';
import { ErrorBody } from '../../client/schemas/error-body.ts';
import type { ApiScope } from '../../domain/api-scopes.ts';
import { unstorablePaths } from '../../platform/storable-text.ts';
import { type ApiKeyCheckOptions, type Caller, createApiKeyCheck } from './api-key.ts';
import { ApiError } from './errors.ts';
import type { App } from './ingress-ports.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route asks of an API key, where it is not what its method says. */
    scope?: ApiScope;
  }
  interface FastifyRequest {
    /** Null outside of /v1. */
    caller: Caller | null;
  }
}

/** Fields named in one answer; the first few say enough. */
const UNSTORABLE_SHOWN_MAX = 10;

const KeyHeaders = Type.Object({
  'idempotency-key': Type.String({
    pattern: '^[\\x21-\\x7e]{1,255}$',
    description: 'A text of your own, without blanks. The same key and body give the same answer.',
    examples: ['order-8812-card'],
  }),
});

/** Methods that change something. */
const WRITING: readonly string[] = ['POST', 'PUT'];
/** All others ask for more than reading, whatever they are used for one day. */
const READING: readonly string[] = ['GET', 'HEAD'];

/** Applies the conventions to the routes registered in this scope afterwards. */
export function applyV1Conventions(app: App, keys: ApiKeyCheckOptions): void {
  const checkApiKey = createApiKeyCheck(keys);
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    request.caller = await checkApiKey(request, scopeOf(request.method, config.scope));
    if (WRITING.includes(request.method) && !request.headers['idempotency-key']) {
      throw new ApiError('IDEMPOTENCY_KEY_MISSING');
    }
  });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  // Fastify takes plain text as well; here a body is JSON or refused.
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    // Some clients announce JSON and send nothing. It is no arguments of a command, but it replaces nothing.
    if (text === '' && request.method === 'POST') done(null, {});
    else void parseJson(request, String(text), done);
  });
  app.addHook('preValidation', async (request) => {
    // A command without arguments may come without a body.
    if (request.method === 'POST') request.body ??= {};
    const query = request.query as Record<string, unknown>;
    // Query strings are text by nature; everything else is taken as it is, without conversion.
    for (const name of ['limit', 'wait']) {
      const text = query[name];
      if (typeof text === 'string' && /^\d{1,9}$/.test(text)) query[name] = Number(text);
    }
    if (query['attention'] === 'true' || query['attention'] === 'false') {
      query['attention'] = query['attention'] === 'true';
    }
  });
  // After the schema, which has refused unknown fields by then.
  app.addHook('preHandler', async ({ body, query }) => refuseUnstorable({ body, query }));
  app.addHook('onRoute', describe);
}

/** Reading asks for `read`, changing for `operate`, and what decides for all cards of a tenant says more. */
const scopeOf = (method: string, own: ApiScope | undefined): ApiScope =>
  own ?? (READING.includes(method) ? 'read' : 'operate');

/** Texts that Postgres cannot keep would otherwise end as a failure of ours. */
function refuseUnstorable(parts: { readonly body: unknown; readonly query: unknown }): void {
  const fields = Object.entries(parts).flatMap(([part, value]) =>
    unstorablePaths(value, UNSTORABLE_SHOWN_MAX).map((path) => ({
      in: part,
      path,
      message: 'must not contain the character NUL or half of a surrogate pair',
    })),
  );
  if (fields.length > 0) throw new ApiError('VALIDATION_FAILED', { fields });
}

/** Adds to a route's schema what the document has to say about every route. */
function describe(route: RouteOptions): void {
  const methods = [route.method].flat();
  const isWriting = methods.some((method) => WRITING.includes(method));
  const scope = scopeOf(methods[0] ?? '', route.config?.scope);
  const { description } = route.schema ?? {};
  const needs = `Needs the scope \`${scope}\`.`;
  route.schema = {
    ...route.schema,
    description: description === undefined ? needs : `${description} ${needs}`,
    security: [{ apiKey: [scope] }],
    ...(isWriting ? { headers: KeyHeaders } : {}),
    response: {
      ...(route.schema?.response as Record<string, unknown> | undefined),
      '4xx': ErrorBody,
      '5xx': ErrorBody,
    },
  };
}
