/**
 * What a connection may take of the server. Half a request costs its sender nothing, so it is ended within seconds, whoever
 * holds it open; nobody who has something to say needs that long.
 */
import type { Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import { ERRORS, type ErrorCode, errorBody } from './errors.ts';

/** Stripe's events are a few kB; a body beyond this is not one. */
export const BODY_BYTES_MAX = 1_048_576;
/** Headers are one packet or two; a connection that says nothing at all is ended after this too. */
const HEADERS_WITHIN_MS = 5_000;
/** A body of 1 MB over a slow line; Stripe has given up by then. */
const REQUEST_WITHIN_MS = 10_000;
/**
 * How often Node.js looks for requests that are late; its default of 30 s would make the limits above so much longer. Often,
 * because to end a connection takes a tenth of a millisecond: thousands that came together are not to be ended in one go.
 */
const LOOK_FOR_LATE_EVERY_MS = 100;

/**
 * Connections that the system keeps until we take them; it may allow fewer. With the 511 of Node.js, some thousands that come
 * in one moment have it drop honest ones, which try again after a second, three, and seven.
 */
export const CONNECTIONS_TO_BE_TAKEN_MAX = 4_096;

export const SERVER_LIMITS = {
  requestTimeout: REQUEST_WITHIN_MS,
  http: {
    headersTimeout: HEADERS_WITHIN_MS,
    connectionsCheckingInterval: LOOK_FOR_LATE_EVERY_MS,
  } satisfies ServerOptions,
  clientErrorHandler: answerUnreadable,
};

/** How often a server that ends looks for connections to which nothing is owed; an honest body is whole within this. */
const LOOK_FOR_DONE_EVERY_MS = 250;

/**
 * Has the end of the server wait for requests that came whole, and for nobody else. Node.js would wait for connections that
 * have yet to say something too, without the limits above, and for those that are kept open after their last answer.
 */
export function createConnectionEnder(server: Server): { readonly endWhenDone: () => void } {
  /** The newest answer of each connection, until it is given: it holds on to its request. */
  const answers = new Map<Socket, ServerResponse | null>();
  server.on('connection', (socket) => {
    answers.set(socket, null);
    socket.once('close', () => answers.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    answers.set(socket, response);
    response.once('close', () => {
      if (answers.get(socket) === response) answers.set(socket, null);
    });
  });
  const isOwed = (answer: ServerResponse | null): boolean =>
    answer?.req.complete === true && !answer.writableFinished;
  return {
    endWhenDone() {
      const timer = setInterval(() => {
        for (const [socket, answer] of answers) if (!isOwed(answer)) socket.destroy();
      }, LOOK_FOR_DONE_EVERY_MS);
      timer.unref();
      server.once('close', () => clearInterval(timer));
    },
  };
}

const CODE_OF_HTTP_ERROR: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TOO_SLOW',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** Answers what no route sees, because it is no whole request, and ends the connection. */
function answerUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODE_OF_HTTP_ERROR[error.code] ?? 'BAD_REQUEST';
  const body = JSON.stringify(errorBody(code));
  // The text of a status is for people, and nobody reads this one; it may be left out.
  socket.end(
    `HTTP/1.1 ${ERRORS[code].status} \r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    // The other side may never close its end.
    () => socket.destroy(),
  );
}
