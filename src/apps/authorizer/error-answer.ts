/** What is answered instead of a decision. The shape is that of the ingress; docs/api.md lists the codes. */
import type { FastifyError, FastifyReply } from 'fastify';
import type { Logger } from '../../platform/logger.ts';
import type { AuthorizerMetrics } from './authorizer-metrics.ts';

const HTTP_BAD_REQUEST = 400;
const HTTP_NOT_FOUND = 404;
const HTTP_TOO_LARGE = 413;
const HTTP_SERVER_ERROR = 500;

const REFUSALS = {
  signature: 'The Stripe-Signature header does not match the body, or is too old.',
  not_an_event: 'The signed body is not a snapshot event.',
  wrong_account: 'The signing secret is not bound to the Stripe account of this event.',
  wrong_endpoint:
    'This endpoint takes issuing_authorization.request and nothing else. All other events belong to the ingress, at /webhooks/stripe.',
  malformed: 'The request could not be read.',
} as const;
export type RefusalCause = keyof typeof REFUSALS;

export interface ErrorAnswers {
  /** 400: nothing was decided. */
  refuse(reply: FastifyReply, cause: RefusalCause): FastifyReply;
  /** What Fastify refused before our code saw it, or what failed in it; the text of our own failures stays inside. */
  fail(error: FastifyError, reply: FastifyReply): FastifyReply;
  notFound(reply: FastifyReply): FastifyReply;
}

export function createErrorAnswers(deps: {
  readonly metrics: AuthorizerMetrics;
  readonly logger: Logger;
}): ErrorAnswers {
  const { metrics, logger } = deps;

  function refuse(reply: FastifyReply, cause: RefusalCause): FastifyReply {
    metrics.refused.inc({ cause });
    logger.warn({ cause }, 'authorization request refused');
    const message = `${REFUSALS[cause]} Nothing was decided.`;
    return send(reply, HTTP_BAD_REQUEST, { code: 'REQUEST_REFUSED', message });
  }

  return {
    refuse,
    fail(error, reply) {
      const status = error.statusCode ?? HTTP_SERVER_ERROR;
      if (status === HTTP_TOO_LARGE) {
        metrics.refused.inc({ cause: 'too_large' });
        const message = 'The body is larger than 1 MB.';
        return send(reply, status, { code: 'BODY_TOO_LARGE', message });
      }
      if (status >= HTTP_BAD_REQUEST && status < HTTP_SERVER_ERROR) {
        return refuse(reply, 'malformed');
      }
      logger.error({ err: error }, 'request failed');
      const message = 'Something went wrong on our side.';
      return send(reply, HTTP_SERVER_ERROR, { code: 'INTERNAL', message });
    },
    notFound: (reply) =>
      send(reply, HTTP_NOT_FOUND, { code: 'NOT_FOUND', message: 'There is no such route.' }),
  };
}

const send = (
  reply: FastifyReply,
  status: number,
  error: { readonly code: string; readonly message: string },
): FastifyReply => reply.status(status).send({ error });
