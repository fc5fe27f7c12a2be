/** Bearer API keys: 401 unless the request carries one, 403 when the route asks for more than it allows. */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type ApiScope, allows } from '../../domain/api-scopes.ts';
import { apiKeyHash, isApiKeyToken } from '../../platform/api-key-token.ts';
import type { ApiKeys } from '../../ports/api-keys.ts';
import type { Clock } from '../../ports/clock.ts';
import { ApiError } from './errors.ts';

/** Who calls. */
export interface Caller {
  /** As the audit log names it. */
  readonly actor: string;
  readonly scope: ApiScope;
}

export interface ApiKeyCheckOptions {
  /** Of the configuration; each gives full access. */
  readonly bootstrapKeys: readonly string[];
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
}

/** Uses are noted to the minute. */
const MS_PER_MINUTE = 60_000;

export function createApiKeyCheck({ bootstrapKeys, apiKeys, clock }: ApiKeyCheckOptions) {
  const accepted = bootstrapKeys.map((key, index) => ({
    hash: apiKeyHash(key),
    caller: { actor: `api-key:API_KEYS/${index + 1}`, scope: 'admin' } satisfies Caller,
  }));
  /** The minute in which the use of a key was noted last. */
  const noted = new Map<string, number>();

  function noteUse(request: FastifyRequest, id: string): void {
    const minute = Math.floor(clock.nowMs() / MS_PER_MINUTE);
    if (noted.get(id) === minute) return;
    noted.set(id, minute);
    // The answer does not wait for it.
    apiKeys.noteUse(id).catch((error: unknown) => {
      request.log.warn({ err: error }, 'the use of an API key was not noted');
    });
  }

  async function callerOf(request: FastifyRequest): Promise<Caller | undefined> {
    const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const hash = apiKeyHash(token);
    // Digests have one length, are compared in constant time, and always with every key.
    const [match] = accepted.filter((key) => timingSafeEqual(key.hash, hash));
    if (match !== undefined) return match.caller;
    const key = isApiKeyToken(token) ? await apiKeys.find(hash) : undefined;
    if (key === undefined) return undefined;
    noteUse(request, key.id);
    return { actor: `api-key:${key.name}`, scope: key.scope };
  }

  return async (request: FastifyRequest, needed: ApiScope): Promise<Caller> => {
    const caller = await callerOf(request);
    if (caller === undefined) throw new ApiError('UNAUTHENTICATED');
    if (!allows(caller.scope, needed)) {
      throw new ApiError('SCOPE_MISSING', { needed, scope: caller.scope });
    }
    return caller;
  };
}
