/** The long poll of the feed of changes: reads until there is something, the time is over, or nobody listens any more. */
import type { ChangeFeed, ChangePage, ChangeRequest } from '../../ports/changes.ts';

/**
 * How soon a waiting reader sees a change. Postgres could wake us instead, but a notification with each decision would have
 * their commits wait for one another.
 */
const LOOK_EVERY_MS = 250;
/**
 * So many readers may look so often at once: they cost the pool a part of one connection. More of them share these looks, each
 * with longer pauses; to answer them at once instead would have them ask again at once, too.
 */
const READERS_AT_FULL_PACE = 50;
const MS_PER_SECOND = 1_000;

export interface ChangeWaiting {
  read(
    request: ChangeRequest,
    wait: { readonly seconds: number; readonly signal: AbortSignal },
  ): ReturnType<ChangeFeed['read']>;
  /** Has all that wait answered at once. */
  stop(): void;
  readonly isStopped: boolean;
}

export function createChangeWaiting(feed: ChangeFeed): ChangeWaiting {
  const stopped = new AbortController();
  let readers = 0;
  const lookEveryMs = (): number => LOOK_EVERY_MS * Math.max(1, readers / READERS_AT_FULL_PACE);

  const readUntil = async (request: ChangeRequest, endsAt: number, signal: AbortSignal) => {
    let page = await feed.read(request);
    while (isEmpty(page) && performance.now() < endsAt && !signal.aborted) {
      // What was passed over for another tenant is not read again, and what is left of it needs no pause.
      if (!page.hasMore) await pause(Math.min(lookEveryMs(), endsAt - performance.now()), signal);
      page = await feed.read({ ...request, after: page.nextCursor });
    }
    return page;
  };

  return {
    async read(request, { seconds, signal }) {
      if (seconds === 0) return feed.read(request);
      readers += 1;
      try {
        const endsAt = performance.now() + seconds * MS_PER_SECOND;
        return await readUntil(request, endsAt, AbortSignal.any([signal, stopped.signal]));
      } finally {
        readers -= 1;
      }
    },
    stop: () => stopped.abort(),
    get isStopped() {
      return stopped.signal.aborted;
    },
  };
}

const isEmpty = (page: ChangePage | 'bad_cursor' | 'restarted'): page is ChangePage =>
  typeof page === 'object' && page.data.length === 0;

/** Ends early, without an error, when nobody waits any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
