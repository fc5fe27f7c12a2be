/** The HTTP server: bytes in, bytes out. `/v1` goes to the API, `/_sim` to the control routes. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CallRecord } from '../options.ts';
import type { World } from '../world/world.ts';
import {
  type Api,
  answerCall,
  commonHeaders,
  type IncomingCall,
  type OutgoingAnswer,
} from './api.ts';
import { Failure, unknownRoute } from './failure.ts';
import { createPage } from './page.ts';
import { createStream, STREAM_PATH } from './stream.ts';

/** Far above any legal request, far below what would hurt. */
const BODY_BYTES_MAX = 1_000_000;
/** A snapshot holds a whole state; texts of Node end at about twice this length. */
const SNAPSHOT_BYTES_MAX = 256_000_000;
/** Clients such as the official ones keep connections for reuse; shorter would race with their next call. */
const KEEP_ALIVE_MS = 60_000;
/** A request that takes longer to arrive is cut off, so that slow senders do not hold connections for ever. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The control route that takes a snapshot. */
const SNAPSHOT_PATH = '/_sim/restore';

type ControlAnswer = (call: IncomingCall) => Promise<OutgoingAnswer>;

export interface ServerParts {
  readonly api: Api;
  readonly control: ControlAnswer;
  readonly onCall: ((call: CallRecord) => void) | undefined;
}

interface AllParts extends ServerParts {
  readonly page: ReturnType<typeof createPage>;
}

export interface SimulatorServer {
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
  /** Calls that have not been answered yet; readers of the stream are none. */
  readonly underWay: number;
}

export function createServer(given: ServerParts): SimulatorServer {
  const parts: AllParts = { ...given, page: createPage() };
  const stream = createStream(given.api.world.watch);
  let underWay = 0;
  const server = http.createServer((request, response) => {
    if (request.method === 'GET' && request.url === STREAM_PATH) {
      stream.open(response);
      return;
    }
    underWay += 1;
    response.on('close', () => {
      underWay -= 1;
    });
    // handle() turns every error of a call into an answer; what is left is a broken connection.
    handle(parts, request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.on('clientError', refuseUnreadable);
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(portOf(server.address()));
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        stream.close();
        server.closeAllConnections();
      }),
    get underWay() {
      return underWay;
    },
  };
}

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' && address !== null ? address.port : 0;

async function handle(
  parts: AllParts,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const { world } = parts.api;
  const url = request.url ?? '/';
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  // Looking at the state must not change it, so control calls use up no ids.
  const requestId = path.startsWith('/v1/') ? world.sequence.id('req') : '';
  const limit = path === SNAPSHOT_PATH ? SNAPSHOT_BYTES_MAX : BODY_BYTES_MAX;
  const body = await readBody(request, limit);
  const call: IncomingCall = {
    method: request.method ?? 'GET',
    path,
    query: cut < 0 ? '' : url.slice(cut + 1),
    body: body ?? '',
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  };
  const refusal = body === undefined ? tooLarge(limit) : refuseForeign(call);
  const answer =
    refusal === undefined
      ? await dispatch(parts, call, requestId)
      : refuse(refusal, call, requestId);
  if (answer.cut === 'whole') request.socket.destroy();
  else send(world, response, answer);
  const record: CallRecord = {
    method: call.method,
    path,
    status: answer.status,
    requestId,
    durationMs: performance.now() - startedAt,
    problem: answer.problem,
  };
  parts.onCall?.(record);
  world.watch.publish({ kind: 'call', ...record });
}

async function dispatch(
  parts: AllParts,
  call: IncomingCall,
  requestId: string,
): Promise<OutgoingAnswer> {
  if (call.path.startsWith('/v1/')) return answerCall(parts.api, call, requestId);
  const file = await parts.page(call);
  if (file !== undefined) return file;
  if (call.path.startsWith('/_sim')) return parts.control(call);
  return refuse(unknownRoute(call.method, call.path), call, requestId);
}

const tooLarge = (limit: number): Failure =>
  new Failure(
    413,
    { type: 'invalid_request_error', message: `A request can have at most ${limit} bytes.` },
    { connection: 'close' },
  );

/**
 * Browsers let any web page send simple POSTs to this machine, and name the page in `Origin`. Only the simulator's own
 * page may write; programs send no such header.
 */
function refuseForeign({ method, header }: IncomingCall): Failure | undefined {
  const origin = header('origin');
  if (origin === undefined || method === 'GET' || method === 'HEAD') return undefined;
  if (URL.canParse(origin) && new URL(origin).host === header('host')?.toLowerCase()) {
    return undefined;
  }
  return new Failure(403, {
    type: 'invalid_request_error',
    message: `Pages of other origins cannot write here (Origin: ${origin}).`,
  });
}

const refuse = (failure: Failure, call: IncomingCall, requestId: string): OutgoingAnswer => ({
  status: failure.status,
  body: JSON.stringify({ error: failure.body }),
  headers: {
    ...(requestId === '' ? {} : commonHeaders(call, requestId)),
    ...failure.headers,
  },
});

/** The whole body, or undefined when it is too large; the rest is then read and thrown away. */
function readBody(
  request: http.IncomingMessage,
  limit: number,
): Promise<string | undefined> | string {
  if (request.method === 'GET' || request.method === 'DELETE') {
    request.resume();
    return '';
  }
  // Listeners cost a third of what an async iterator does.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    });
    request.on('end', () => resolve(size > limit ? undefined : textOf(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('The connection broke off.'));
    });
  });
}

const textOf = (chunks: readonly Buffer[]): string =>
  (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString('utf8') ?? '';

let latestDate = { seconds: Number.NaN, text: '' };

/** Made once a second, not once a call. */
function dateText(seconds: number): string {
  if (seconds !== latestDate.seconds)
    latestDate = { seconds, text: new Date(seconds * 1000).toUTCString() };
  return latestDate.text;
}

function send(world: World, response: http.ServerResponse, answer: OutgoingAnswer): void {
  response.sendDate = false;
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    ...answer.headers,
    'content-length': length,
    // Callers compare it with `created`, so it follows simulator time.
    date: dateText(world.clock.now()),
  });
  if (answer.cut !== 'half') {
    // Plain ASCII, which most answers are, is written several times faster when it is named as such.
    response.end(answer.body, length === answer.body.length ? 'latin1' : 'utf8');
    return;
  }
  const half = answer.body.slice(0, answer.body.length / 2);
  response.write(half, () => response.socket?.destroy());
}

/** What is not HTTP, or has too large headers, gets an answer in Stripe's shape nevertheless. */
function refuseUnreadable(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable) return;
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  const body = JSON.stringify({
    error: { type: 'invalid_request_error', message: 'The request is not readable as HTTP.' },
  });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}
