/**
 * `GET /_sim/stream`: what happens, as server-sent events. Notices are collected for a moment and then written to
 * all readers at once, so that hundreds of events per second cost a few writes. A reader that does not keep up
 * misses notices and is told how many, instead of filling the memory.
 */
import type http from 'node:http';
import type { Notice, Watch } from '../world/watch.ts';

/** Short enough to look immediate. */
const FLUSH_INTERVAL_MS = 50;
/** Some 40,000 notices a second; what exceeds it is skipped for everybody. */
const NOTICES_PER_FLUSH_MAX = 2_000;
/** A reader with this much unread gets nothing more until it has read some. */
const UNREAD_BYTES_MAX = 500_000;
/** Below the idle timeouts of common proxies (60 s and 30 s). */
const HEARTBEAT_INTERVAL_MS = 15_000;
/** What the browser waits before it connects again. */
const RECONNECT_DELAY_MS = 1_000;

export const STREAM_PATH = '/_sim/stream';

interface Reader {
  readonly response: http.ServerResponse;
  /** Notices that it has missed and was not told of yet. */
  skipped: number;
}

export interface Stream {
  /** Keeps the response open until the reader leaves or the stream is closed. */
  open(response: http.ServerResponse): void;
  close(): void;
}

/** Watches only while somebody reads. */
export function createStream(watch: Watch): Stream {
  const readers = new Set<Reader>();
  let lines: string[] = [];
  let overflow = 0;
  let flushTimer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;

  function collect(notice: Notice): void {
    if (lines.length < NOTICES_PER_FLUSH_MAX) lines.push(message(notice));
    else overflow += 1;
    flushTimer ??= setTimeout(flush, FLUSH_INTERVAL_MS);
  }

  function flush(): void {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    const text = lines.join('');
    for (const reader of readers) {
      if (reader.response.writableLength > UNREAD_BYTES_MAX) {
        reader.skipped += lines.length + overflow;
      } else {
        const skipped = reader.skipped + overflow;
        reader.skipped = 0;
        const due = skipped > 0 ? text + message({ kind: 'skipped', skipped }) : text;
        if (due !== '') reader.response.write(due);
      }
    }
    lines = [];
    overflow = 0;
  }

  function beat(): void {
    for (const reader of readers) {
      if (reader.response.writableLength <= UNREAD_BYTES_MAX) reader.response.write(':\n\n');
    }
    // A reader that has missed the last notices of a burst is told of it now.
    flush();
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size === 0) rest();
  }

  function rest(): void {
    unsubscribe?.();
    unsubscribe = undefined;
    clearInterval(heartbeat);
    clearTimeout(flushTimer);
    flushTimer = undefined;
    lines = [];
    overflow = 0;
  }

  return {
    open(response) {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
      });
      response.write(`retry: ${RECONNECT_DELAY_MS}\n\n`);
      const reader: Reader = { response, skipped: 0 };
      if (readers.size === 0) {
        unsubscribe = watch.subscribe(collect);
        heartbeat = setInterval(beat, HEARTBEAT_INTERVAL_MS).unref();
      }
      readers.add(reader);
      response.on('close', () => leave(reader));
    },
    close() {
      for (const { response } of readers) response.end();
      readers.clear();
      rest();
    },
  };
}

const message = (notice: Notice | { readonly kind: 'skipped'; readonly skipped: number }): string =>
  `data: ${JSON.stringify(notice)}\n\n`;
