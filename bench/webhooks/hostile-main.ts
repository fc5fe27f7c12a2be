/**
 * Everybody who means no good, in one process: connections that say nothing, requests and bodies that come byte by byte,
 * floods of events that nobody signed, bodies of 1 MB. Each that is ended begins anew.
 *
 * Arguments: the port, how many connections in all.
 */
import net from 'node:net';
import { PATH } from './event-template.ts';

const [port = '0', connections = '0'] = process.argv.slice(2);
const HEAD = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nStripe-Signature: `;
const TRICKLE_EVERY_MS = 1_000;
const MB = 1_048_576;
/** So many bytes of a body come at once, and the rest never. */
const HALF_BODY_BYTES = 200_000;
/** How many of a hundred do what. */
const SHARES = { silent: 25, slowHead: 35, slowBody: 28, halfBody: 10 };
const FLOODS = 4;
const LARGE = 2;
/** A connection that was refused comes back after this. */
const AGAIN_AFTER_MS = 100;

const slow = new Set<net.Socket>();
const counts: { [kind: string]: number } = {};
const signature = (): string => `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`;

function connect(kind: string, begin: (socket: net.Socket) => void): void {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1' });
  socket.on('connect', () => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    begin(socket);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    slow.delete(socket);
    setTimeout(() => connect(kind, begin), AGAIN_AFTER_MS);
  });
  socket.resume();
}

const KINDS: Readonly<Record<string, (socket: net.Socket) => void>> = {
  silent: () => {},
  slowHead(socket) {
    socket.write(HEAD);
    slow.add(socket);
  },
  slowBody(socket) {
    socket.write(`${HEAD}${signature()}\r\nContent-Length: ${MB}\r\n\r\n{`);
    slow.add(socket);
  },
  halfBody(socket) {
    const half = 'x'.repeat(HALF_BODY_BYTES);
    socket.write(`${HEAD}${signature()}\r\nContent-Length: ${MB}\r\n\r\n${half}`);
  },
};

/** One request after the other, each as soon as the last was answered. */
const flood = (body: string) => (socket: net.Socket) => {
  const send = (): void =>
    void socket.write(`${HEAD}${signature()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  socket.on('data', () => {
    counts['answers'] = (counts['answers'] ?? 0) + 1;
    send();
  });
  send();
};

for (const [kind, begin] of Object.entries(KINDS)) {
  const share = SHARES[kind as keyof typeof SHARES] / 100;
  for (let n = 0; n < Number(connections) * share; n += 1) connect(kind, begin);
}
for (let n = 0; n < FLOODS; n += 1) connect('flood', flood('x'.repeat(4_000)));
for (let n = 0; n < LARGE; n += 1) connect('large', flood('x'.repeat(MB)));
setInterval(() => {
  for (const socket of slow) socket.write('x');
}, TRICKLE_EVERY_MS);
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit(0));
