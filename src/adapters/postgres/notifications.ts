/** Listens to a channel of Postgres, also when Postgres is away at first. */
import type { Sql } from './pool.ts';

/** Postgres was away when the channel was to be listened to. */
const LISTEN_AGAIN_MS = 1_000;

export interface Notifications {
  /** Listens on a new connection. */
  restart(): void;
  close(): void;
}

export function createNotifications(
  connect: () => Sql,
  channel: string,
  told: (payload: string) => void,
): Notifications {
  /** A pool for each try, because the driver keeps every listener of a pool for ever. */
  let listening: Sql | undefined;
  let again: NodeJS.Timeout | undefined;

  function close(): void {
    clearTimeout(again);
    if (listening !== undefined) endAtOnce(listening);
    listening = undefined;
  }

  function restart(): void {
    close();
    const fresh = connect();
    listening = fresh;
    // When a connection is lost later, the driver listens again by itself.
    fresh.listen(channel, told).catch(() => {
      if (listening === fresh) again = setTimeout(restart, LISTEN_AGAIN_MS);
    });
  }

  restart();
  return { restart, close };
}

/** Its connections may hang, so nobody waits for their end. */
export function endAtOnce(pool: Sql): void {
  pool.end({ timeout: 0 }).catch(() => {});
}
