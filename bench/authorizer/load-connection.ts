/**
 * One kept-open connection with one request at a time. It reads into a buffer of its own and looks at no more than the
 * status, the length and the body, because the client shares its two cores with what it measures.
 */
import net from 'node:net';

const READ_BYTES = 16_384;
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)/i;

export interface ConnectionEvents {
  readonly onReady: (connection: LoadConnection) => void;
  readonly onAnswer: (connection: LoadConnection, status: number, body: string) => void;
  /** It is of no use any more; a request under way has no answer. */
  readonly onLost: (connection: LoadConnection) => void;
}

export class LoadConnection {
  readonly target: number;
  /** Index of the request under way; -1 while there is none. */
  request = -1;
  /** When it left. */
  sentMs = 0;
  readonly #socket: net.Socket;
  readonly #events: ConnectionEvents;
  #received = '';

  constructor(port: number, target: number, events: ConnectionEvents) {
    this.target = target;
    this.#events = events;
    const buffer = Buffer.alloc(READ_BYTES);
    this.#socket = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.#read(buffer.toString('latin1', 0, bytes));
          return true;
        },
      },
    });
    this.#socket.once('connect', () => events.onReady(this));
    // The close that follows tells all.
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => events.onLost(this));
    this.#socket.once('end', () => this.#socket.destroy());
  }

  send(request: number, wire: Buffer): void {
    this.request = request;
    this.sentMs = performance.now();
    this.#socket.write(wire);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    const text = this.#received === '' ? chunk : this.#received + chunk;
    const end = text.indexOf(HEAD_END);
    const length = end < 0 ? null : LENGTH.exec(text);
    const bodyStart = end + HEAD_END.length;
    if (length === null || text.length < bodyStart + Number(length[1])) {
      this.#received = text;
      return;
    }
    this.#received = '';
    // `HTTP/1.1 200 OK`
    this.#events.onAnswer(this, Number(text.slice(9, 12)), text.slice(bodyStart));
  }
}
