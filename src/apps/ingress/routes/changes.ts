import { CHANGES_DEFAULT, ChangePage, ChangeQuery } from '../../../client/schemas/change.ts';
import { parseTenantId } from '../../../domain/ids.ts';
import { createChangeWaiting } from '../change-wait.ts';
import { ApiError } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';

export function changeRoutes(app: App, { changes }: IngressPorts): void {
  const waiting = createChangeWaiting(changes);
  app.addHook('preClose', async () => waiting.stop());
  app.get(
    '/v1/changes',
    {
      schema: {
        operationId: 'readChanges',
        summary: 'What has changed, in one order',
        description:
          'Phases, decisions, bookings and attention items, oldest first. Nothing appears below a cursor that was given out.',
        tags: ['History'],
        querystring: ChangeQuery,
        response: { 200: ChangePage },
      },
    },
    async ({ query: { after, tenantId, limit, wait } }, reply) => {
      if (after === 'latest') {
        return { data: [], nextCursor: await changes.latest(), hasMore: false };
      }
      const left = new AbortController();
      reply.raw.on('close', () => left.abort());
      const page = await waiting.read(
        {
          after,
          limit: limit ?? CHANGES_DEFAULT,
          ...(tenantId === undefined ? {} : { tenantId: parseTenantId(tenantId) }),
        },
        { seconds: wait ?? 0, signal: left.signal },
      );
      // The server's end waits for open connections, and would keep this one open for the next request.
      if (waiting.isStopped) reply.header('connection', 'close');
      if (page === 'bad_cursor') throw new ApiError('CURSOR_INVALID');
      if (page === 'restarted') throw new ApiError('CHANGES_RESTARTED');
      return { ...page, data: [...page.data] };
    },
  );
}
