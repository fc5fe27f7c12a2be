/** Free TCP ports on the loopback address. */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections, so that none of those is in the way. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/** With this many misses nearly every port would have to be taken. */
const ATTEMPTS_MAX = 200;

/** Hands out free ports, never the same one twice, and holds each until it is used. */
export interface PortPicker {
  /** The preferred port if it is free, else a random free one. It is held until `release`. */
  pick(preferred?: number): Promise<number>;
  /** Lets go of the port, just before the process that listens on it is started. */
  release(port: number): Promise<void>;
  /** Lets go of all ports still held. */
  releaseAll(): Promise<void>;
}

/** `prefersDefaults: false` ignores preferred ports, so that stacks of tests never meet anything known. */
export function createPortPicker(options = { prefersDefaults: true }): PortPicker {
  const held = new Map<number, Server>();
  const take = async (port: number): Promise<boolean> => {
    if (held.has(port)) return false;
    const server = await listen(port);
    if (server === undefined) return false;
    held.set(port, server);
    return true;
  };
  const release = async (port: number): Promise<void> => {
    const server = held.get(port);
    held.delete(port);
    if (server !== undefined) await close(server);
  };
  return {
    async pick(preferred = 0) {
      if (options.prefersDefaults && preferred > 0 && (await take(preferred))) return preferred;
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const port = randomInt(FIRST_PORT, LAST_PORT);
        if (await take(port)) return port;
      }
      throw new Error(`No free TCP port found on 127.0.0.1 between ${FIRST_PORT} and ${LAST_PORT}`);
    },
    release,
    async releaseAll() {
      await Promise.all([...held.keys()].map(release));
    },
  };
}

/** A server that holds the port without serving on it; undefined when the port is taken. */
const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    // A port held by mistake must not keep the process alive.
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
