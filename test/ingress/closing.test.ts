/** The end of the server: it waits for whoever is owed an answer, and for nobody else. */
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeCardWorkflows } from './fake-card-workflows.ts';
import { buildTestApp, ingressUnderTest, portsOver } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
/** What the process is given for its end. */
const ENDS_WITHIN_MS = 3_000;

async function listening(ping: () => Promise<void> = () => Promise.resolve()) {
  const app = await buildTestApp({ ...portsOver(ingress.sql, createFakeCardWorkflows()), ping });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.server.closeAllConnections());
  const port = Number(new URL(address).port);
  const say = async (text: string) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const heard = { text: '' };
    socket.on('data', (data: Buffer) => (heard.text += data.toString()));
    await once(app.server, 'connection');
    const asked = text.includes('\r\n\r\n') ? once(app.server, 'request') : undefined;
    if (text !== '') socket.write(text);
    await asked;
    return { socket, heard, closed: once(socket, 'close') };
  };
  return { app, say };
}

describe('the end of the server', () => {
  it.each([
    ['nothing', ''],
    ['half a request', 'POST /webhooks/stripe HT'],
    ['half a body', 'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n{'],
  ])('does not wait for a connection that has said %s', async (_what, text) => {
    const { app, say } = await listening();
    const { closed } = await say(text);
    const startedAt = performance.now();
    await app.close();
    expect(performance.now() - startedAt).toBeLessThan(ENDS_WITHIN_MS);
    await closed;
  });

  it('waits for an answer that is owed, and not for what its connection may ask next', async () => {
    let answer = (): void => {};
    let asked = (): void => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { app, say } = await listening(() => {
      asked();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const { heard, closed } = await say('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    await wasAsked;
    const startedAt = performance.now();
    const { closed: silentClosed } = await say('');
    const ended = app.close();
    // By then connections have been looked for that nothing is owed to.
    await silentClosed;
    expect(heard.text).toBe('');
    answer();
    await Promise.all([ended, closed]);
    // On a slow machine the look at Postgres may have been given up by then.
    expect(heard.text).toMatch(/^HTTP\/1\.1 (200|503) /);
    expect(performance.now() - startedAt).toBeLessThan(ENDS_WITHIN_MS);
  });
});
