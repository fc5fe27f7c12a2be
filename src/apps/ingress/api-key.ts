/** Bearer API keys: 401 unless the request carries one of them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, which have one length, in constant time, and always with every key. */
export function createApiKeyCheck(apiKeys: readonly string[]) {
  const accepted = apiKeys.map(digest);
  return async (request: FastifyRequest): Promise<void> => {
    const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const given = digest(token);
    const matches = accepted.filter((key) => timingSafeEqual(key, given));
    if (matches.length === 0) throw new ApiError('UNAUTHENTICATED');
  };
}
