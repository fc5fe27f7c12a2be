/** Who does something by hand through the API, for the audit log. */
import type { FastifyRequest } from 'fastify';
import { invariant } from '../../domain/invariant.ts';
import type { ByHand } from '../../ports/audit-log.ts';

export function byHand(
  request: FastifyRequest,
  said: { readonly reason?: string | undefined; readonly by?: string | undefined },
): ByHand {
  invariant(request.caller !== null, 'a route under /v1 knows its caller');
  return {
    actor: request.caller.actor,
    by: said.by ?? null,
    reason: said.reason ?? null,
    requestId: request.id,
  };
}
