/** Health, readiness and metrics: what runs a process asks for. And the way to the pages for who opens `/`. */
import { Type } from 'typebox';
import { within } from '../deadline.ts';
import type { App, IngressOptions } from '../ingress-ports.ts';

/** A database that needs longer than this for nothing is not ready. */
const READY_WITHIN_MS = 1_000;
const TAGS = ['Operations'];

const Health = Type.Object({ status: Type.Literal('ok') });
const Ready = Type.Object({ ready: Type.Literal(true) });
const NotReady = Type.Object({ ready: Type.Literal(false), reason: Type.String() });

export function operationRoutes(app: App, { ports, metrics }: IngressOptions): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'The process runs',
        tags: TAGS,
        response: { 200: Health },
      },
    },
    () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'The process can work: Postgres answers',
        tags: TAGS,
        response: { 200: Ready, 503: NotReady },
      },
    },
    async (request, reply) => {
      try {
        await within(ports.ping(), READY_WITHIN_MS, () => new Error('no answer in time'));
        return { ready: true as const };
      } catch (error) {
        request.log.warn({ err: error }, 'Postgres does not answer');
        return reply.code(503).send({ ready: false, reason: 'Postgres does not answer' });
      }
    },
  );

  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'));

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}
