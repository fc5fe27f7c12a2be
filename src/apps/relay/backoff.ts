/**
 * Remembers what failed lately, so that it steps aside for the others. In memory only: after a restart everything
 * is tried at once, which is what a restart is for.
 */
const FIRST_MS = 1_000;
/** A card worker or an endpoint that comes back is noticed within this. */
const MAX_MS = 60_000;
/** Entries remembered; beyond that nearly everything fails, and it matters little which of it is tried. */
const ENTRIES_MAX = 1_000;

export interface Backoff {
  /** The next try comes after 1 s, then twice as late each time, up to a minute. */
  failed(key: string): void;
  succeeded(key: string): void;
  /** Keys that should not be tried now. */
  waiting(): readonly string[];
}

interface Entry {
  readonly waitMs: number;
  readonly untilMs: number;
}

/** `nowMs` is any clock in milliseconds that goes forward. */
export function createBackoff(nowMs: () => number): Backoff {
  const entries = new Map<string, Entry>();
  return {
    failed(key) {
      const waitMs = Math.min(MAX_MS, (entries.get(key)?.waitMs ?? FIRST_MS / 2) * 2);
      // Put at the end again: the first entry is the one that failed longest ago.
      entries.delete(key);
      entries.set(key, { waitMs, untilMs: nowMs() + waitMs });
      if (entries.size <= ENTRIES_MAX) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    succeeded(key) {
      entries.delete(key);
    },
    waiting() {
      const now = nowMs();
      return [...entries].flatMap(([key, { untilMs }]) => (untilMs > now ? [key] : []));
    },
  };
}
