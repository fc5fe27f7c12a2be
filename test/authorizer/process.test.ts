/** The real process, with Postgres and nothing else: how it starts, what it says of itself, and how it ends. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startProcess } from '../support/real-process.ts';
import { requestEvent, SECRET, signed } from './authorizer-under-test.ts';
import { startProxy } from './tcp-proxy.ts';

const SHUTDOWN_MS = 3_000;
const PATH = '/webhooks/stripe/authorizations';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function startOnDatabase(through: (url: string) => Promise<string> | string = (url) => url) {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { child, output, address } = startProcess('authorizer', {
    DATABASE_URL: await through(database.appUrl),
    AUTHORIZER_SIGNING_SECRETS: `platform=${SECRET}`,
    AUTHORIZER_PORT: '0',
  });
  const baseUrl = await address();
  return { child, output, baseUrl, port: Number(new URL(baseUrl).port) };
}

/** A connection on which bytes are sent as the test likes. */
async function connect(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  closing.push(() => socket.destroy());
  const received = { text: '', isClosed: false };
  socket.on('data', (chunk: Buffer) => (received.text += chunk.toString()));
  socket.on('error', () => {});
  socket.on('close', () => (received.isClosed = true));
  await once(socket, 'connect');
  return { socket, received };
}

const isRefused = (port: number): Promise<boolean> =>
  connect(port).then(
    () => false,
    () => true,
  );

/** Asks the process to end, and resolves with how it did. */
function end(child: ChildProcess) {
  const askedMs = performance.now();
  const ended = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => ({
    code,
    signal,
    isInTime: performance.now() - askedMs < SHUTDOWN_MS,
  }));
  child.kill('SIGTERM');
  return ended;
}

const IN_ORDER = { code: 0, signal: null, isInTime: true };

describe('the authorizer process', () => {
  it('answers what it has when it is told to end, and takes nothing new', async () => {
    const { child, baseUrl, port } = await startOnDatabase();
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
    const { payload, headers } = signed(requestEvent());
    const head = Object.entries({ host: 'x', 'content-length': payload.length, ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const idle = await connect(port);
    idle.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const asking = await connect(port);
    asking.socket.write(`POST ${PATH} HTTP/1.1\r\n${head}\r\n${payload.slice(0, 100)}`);
    const probing = await connect(port);
    probing.socket.write('GET /readyz HTTP/1.1\r\nhost: x\r\n');
    await eventually(() => idle.received.text.includes('{"status":"ok"}'));

    const ended = end(child);
    await eventually(() => isRefused(port));
    await eventually(() => idle.received.isClosed);
    probing.socket.write('\r\n');
    await eventually(() => probing.received.isClosed);
    expect(probing.received.text).toMatch(/^HTTP\/1\.1 503 /);
    expect(probing.received.text).toContain('The process is ending.');
    asking.socket.write(payload.slice(100));
    await eventually(() => asking.received.isClosed);
    expect(asking.received.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(asking.received.text).toMatch(/^connection: close\r$/im);
    // No tenant has a card here, so nobody could be asked; the answer is one all the same.
    expect(asking.received.text).toContain('{"approved":false,"metadata":{"evt_request":"');
    expect(await ended).toEqual(IN_ORDER);
  });

  it('ends in time although a caller holds a connection open and says nothing', async () => {
    const { child, port } = await startOnDatabase();
    const silent = await connect(port);
    expect(await end(child)).toEqual(IN_ORDER);
    await eventually(() => silent.received.isClosed);
  });

  it('says that it is not ready while Postgres is silent, answers all the same, and ends in time', async () => {
    const proxy = await startProxy();
    closing.push(() => proxy.close());
    const { child, baseUrl } = await startOnDatabase((url) => proxy.through(url));
    const ready = () => fetch(`${baseUrl}/readyz`).then((response) => response.status);
    expect(await ready()).toBe(200);
    proxy.pause();
    expect(await ready()).toBe(503);
    const { payload, headers } = signed(requestEvent());
    const answer = await fetch(`${baseUrl}${PATH}`, { method: 'POST', body: payload, headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      approved: false,
      metadata: { evt_request: 'NO_ANSWER_IN_TIME' },
    });
    proxy.resume();
    await eventually(async () => (await ready()) === 200);
    proxy.pause();
    expect(await end(child)).toEqual(IN_ORDER);
  });

  it('names every variable that is missing or wrong, and exits with 1', async () => {
    const { child, output } = startProcess('authorizer', {
      AUTHORIZER_SIGNING_SECRETS: 'whsec_1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
    });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'AUTHORIZER_SIGNING_SECRETS',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ]) {
      expect(output.text).toContain(name);
    }
  });
});
