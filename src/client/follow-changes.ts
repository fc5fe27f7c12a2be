/** Follows the feed of changes without an end. */
import type { Change, ChangePage, ChangeQuery } from './schemas/change.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Seconds that one call waits for the next change: long enough to be cheap, short enough for every proxy. */
const FOLLOW_WAIT_S = 25;
const MS_PER_SECOND = 1_000;

export interface FollowOptions {
  /** The cursor of the last change that was taken in; from the beginning without it. */
  readonly after?: string;
  readonly tenantId?: string;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
}

export function changesOf(send: Transport) {
  const read = (query: ChangeQuery = {}, call?: CallOptions): Promise<ChangePage> =>
    send<ChangePage>(
      { method: 'GET', path: '/v1/changes', query, waitMs: (query.wait ?? 0) * MS_PER_SECOND },
      call,
    );

  return {
    read,
    /**
     * Every change once, oldest first, until the signal ends it. Keep `cursor` of the last one that was taken in, and go on
     * after it. Throws when the API cannot be reached after all tries, or when its database was restored
     * (`CHANGES_RESTARTED`).
     */
    async *follow({ after, tenantId, signal }: FollowOptions = {}): AsyncGenerator<Change, void> {
      let cursor = after;
      const isStopped = () => signal?.aborted === true;
      while (!isStopped()) {
        const page = await nextPage(cursor);
        if (page === undefined) return;
        for (const change of page.data) {
          if (isStopped()) return;
          yield change;
        }
        cursor = page.nextCursor;
      }

      async function nextPage(from: string | undefined): Promise<ChangePage | undefined> {
        const query = {
          wait: FOLLOW_WAIT_S,
          ...(from === undefined ? {} : { after: from }),
          ...(tenantId === undefined ? {} : { tenantId }),
        };
        try {
          return await read(query, signal === undefined ? {} : { signal });
        } catch (error) {
          if (isStopped()) return undefined;
          throw error;
        }
      }
    },
  };
}
