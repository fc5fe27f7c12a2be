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
const MS_PER_S = 1_000;
const TRICKLE_EVERY_MS = MS_PER_S;
const MB = 1_048_576;
/** So many bytes of a body come at once, and the rest never. */
const HALF_BODY_BYTES = 200_000;
/** How many of a hundred do what. */
const SHARES = { silent: 25, slowHead: 35, slowBody: 28, halfBody: 12 };
interface Flood {
  readonly perSecond: number;
  readonly bytes: number;
  readonly over: number;
}
/** What a line of 100 Mbit/s takes; who has more of the machine than that measures the attackers and not the server. */
const FLOODS: Readonly<Record<string, Flood>> = {
  'wrongly signed': { perSecond: 200, bytes: 4_000, over: 8 },
  'of 1 MB': { perSecond: 10, bytes: MB, over: 4 },
};
/** A connection that was refused comes back after this. */
const AGAIN_AFTER_MS = 100;

const slow = new Set<net.Socket>();
const counts: { [kind: string]: number } = {};
const signature = (): string => `t=${Math.floor(Date.now() / MS_PER_S)},v1=${'0'.repeat(64)}`;

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

const KINDS: Readonly<Record<keyof typeof SHARES, (socket: net.Socket) => void>> = {
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

/** So many requests a second over some connections, as long as the one before was answered. */
function flood(kind: string, { perSecond, bytes, over }: Flood): void {
  const body = Buffer.alloc(bytes, 'x');
  for (let n = 0; n < over; n += 1) {
    connect(kind, (socket) => {
      let isAnswered = true;
      const timer = setInterval(
        () => {
          if (!isAnswered) return;
          isAnswered = false;
          socket.write(`${HEAD}${signature()}\r\nContent-Length: ${bytes}\r\n\r\n`);
          socket.write(body);
        },
        (over * MS_PER_S) / perSecond,
      );
      socket.on('data', () => {
        isAnswered = true;
        counts[`${kind}, refused`] = (counts[`${kind}, refused`] ?? 0) + 1;
      });
      socket.on('close', () => clearInterval(timer));
    });
  }
}

for (const [kind, begin] of Object.entries(KINDS)) {
  const share = SHARES[kind as keyof typeof SHARES] / 100;
  for (let n = 0; n < Number(connections) * share; n += 1) connect(kind, begin);
}
for (const [kind, pace] of Object.entries(FLOODS)) flood(kind, pace);
setInterval(() => {
  for (const socket of slow) socket.write('x');
}, TRICKLE_EVERY_MS);
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit(0));
