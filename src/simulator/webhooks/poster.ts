/** Sends signed JSON over HTTP, with connections kept open, and tells what became of it. Never throws. */
import http from 'node:http';
import https from 'node:https';

/** An idle connection is closed before common servers (5 s) close it under our hands. */
const IDLE_CONNECTION_MS = 4_000;
/** Answers to webhooks are small; more than this is a mistake of the receiver. */
const ANSWER_BYTES_MAX = 1_000_000;

export type PostOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      readonly body: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From now until the whole answer is here. */
  readonly timeoutMs: number;
}

export interface Poster {
  post(message: Post): Promise<PostOutcome>;
  /** Ends everything under way; it comes back as failed. */
  close(): void;
}

export function createPoster(): Poster {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS }),
    'https:': new https.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS }),
  };
  const closing = new AbortController();
  // One listener for each request under way; the default warning at 10 is about leaks and does not apply.
  const underWay = new Set<(outcome: PostOutcome) => void>();

  async function post(message: Post): Promise<PostOutcome> {
    const deadline = performance.now() + message.timeoutMs;
    const first = await attempt(message, message.timeoutMs);
    if (first.outcome !== undefined) return first.outcome;
    // The receiver closed an idle connection just as we used it: it has seen nothing, so a fresh one is used.
    const second = await attempt(message, Math.max(1, deadline - performance.now()));
    return second.outcome ?? { kind: 'failed', message: 'The connection was closed.' };
  }

  /** An undefined outcome asks for one repeat on a fresh connection. */
  function attempt(
    message: Post,
    timeoutMs: number,
  ): Promise<{ outcome: PostOutcome | undefined }> {
    return new Promise((resolve) => {
      const end = (outcome: PostOutcome | undefined): void => {
        clearTimeout(timer);
        underWay.delete(end);
        resolve({ outcome });
        request.destroy();
      };
      const secure = message.url.startsWith('https:');
      const request = (secure ? https : http).request(message.url, {
        method: 'POST',
        agent: agents[secure ? 'https:' : 'http:'],
        headers: {
          ...message.headers,
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(message.body),
        },
      });
      const timer = setTimeout(() => end({ kind: 'timeout' }), timeoutMs);
      underWay.add(end);
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && error.code === 'ECONNRESET';
        end(
          stale
            ? undefined
            : { kind: 'failed', message: `The connection failed: ${error.message}` },
        );
      });
      request.on('response', (response) => readAnswer(response, finish));
      function finish(outcome: PostOutcome): void {
        clearTimeout(timer);
        underWay.delete(end);
        resolve({ outcome });
      }
      request.end(message.body);
    });
  }

  return {
    post: (message) =>
      closing.signal.aborted
        ? Promise.resolve({ kind: 'failed', message: 'The simulator is closing.' })
        : post(message),
    close() {
      closing.abort();
      for (const end of underWay) end({ kind: 'failed', message: 'The simulator is closing.' });
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

function readAnswer(response: http.IncomingMessage, finish: (outcome: PostOutcome) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) response.destroy(new Error('The answer is too large.'));
    else chunks.push(chunk);
  });
  response.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    finish({ kind: 'answered', status: response.statusCode ?? 0, headers: response.headers, body });
  });
  response.on('error', (error) => finish({ kind: 'failed', message: error.message }));
}
