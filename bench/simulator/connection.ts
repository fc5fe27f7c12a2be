/**
 * A minimal HTTP/1.1 client for load: one raw socket kept open, one request at a time, answers told apart by their
 * Content-Length. Ordinary clients cost more than the servers that are measured with them.
 */
import net from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = '\r\n\r\n';

export class Connection {
  readonly #socket: net.Socket;
  #waiting: Waiting | undefined;
  #chunks: Buffer[] = [];
  #received = 0;
  /** Bytes of head and body; unknown until the head is complete. */
  #expected: { readonly headBytes: number; readonly bytes: number } | undefined;
  #status = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  /** Connects to a port of this machine. */
  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends one request, made by `get` or `post`, and waits for its answer. */
  request(text: string): Promise<Answer> {
    if (this.#waiting !== undefined) throw new Error('A request is under way on this connection.');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    this.#expected ??= this.#readHead();
    if (this.#expected === undefined || this.#received < this.#expected.bytes) return;
    const { headBytes, bytes } = this.#expected;
    const body = this.#joined().subarray(headBytes, bytes);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#chunks = [];
    this.#received = 0;
    this.#expected = undefined;
    waiting?.resolve({ status: this.#status, body });
  }

  #readHead(): { headBytes: number; bytes: number } | undefined {
    const received = this.#joined();
    const end = received.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const head = received.toString('latin1', 0, end);
    // `HTTP/1.1 200 OK`
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`An answer without Content-Length:\n${head}`);
    const headBytes = end + HEAD_END.length;
    return { headBytes, bytes: headBytes + Number(length) };
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

const COMMON = 'Host: 127.0.0.1\r\nAuthorization: Bearer sk_test_bench\r\n';

export const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${COMMON}\r\n`;

/** A form for the API, or JSON for a control route; ASCII only. */
export function post(path: string, body: string, headers = ''): string {
  const type = path.startsWith('/_sim') ? 'application/json' : 'application/x-www-form-urlencoded';
  return `POST ${path} HTTP/1.1\r\n${COMMON}${headers}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** The same with a key, as official clients send it so that they can repeat a call. */
export const postOnce = (path: string, body: string, key: string): string =>
  post(path, body, `Idempotency-Key: ${key}\r\n`);

/** Throws for anything but 200: figures over errors would be worthless. */
export async function succeed(connection: Connection, request: string): Promise<Buffer> {
  const { status, body } = await connection.request(request);
  if (status === 200) return body;
  const line = request.slice(0, request.indexOf('\r\n'));
  throw new Error(`${line} was answered with ${status}: ${body.toString('utf8')}`);
}
