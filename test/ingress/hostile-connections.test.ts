/** Connections that take and never give: each is ended within seconds with a clear status, and memory stays bounded. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/apps/ingress/errors.ts';
import { createBodyReader } from '../../src/apps/ingress/raw-body.ts';
import { eventually } from '../support/eventually.ts';
import { ingressUnderTest, WEBHOOK_SECRETS } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
let port = 0;
beforeAll(async () => {
  port = Number(new URL(await ingress.app.listen({ host: '127.0.0.1', port: 0 })).port);
});

const HEAD = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
const KYC_HEAD = HEAD.replace('stripe', 'kyc');

/** Everything that came back until the server closed the connection. */
async function answerTo(...pieces: readonly string[]): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (data: Buffer) => {
    text += data.toString();
  });
  // What is sent after the answer is refused by the system.
  socket.on('error', () => {});
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  return text;
}

function signed(id: string): string {
  const body = JSON.stringify({
    id,
    type: 'issuing_card.updated',
    created: 1_790_000_000,
    data: { object: { id: 'ic_1' } },
  });
  const at = Math.floor(Date.now() / 1000);
  const hmac = createHmac('sha256', WEBHOOK_SECRETS[0]).update(`${at}.${body}`).digest('hex');
  return (
    `${HEAD}Stripe-Signature: t=${at},v1=${hmac}\r\nConnection: close\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

describe('a connection', () => {
  it('that says nothing, or half a request, is ended with 408 within seconds, and honest ones are served', async () => {
    const slow = [
      answerTo(),
      answerTo('POST /webhooks/stripe HT'),
      answerTo(`${HEAD}Content-Length: 4000\r\n\r\n`, '{"id":'),
      answerTo(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '3\r\n{"i\r\n'),
      answerTo(`${KYC_HEAD}Content-Length: 4000\r\n\r\n`, '{"id":'),
    ];
    expect(await answerTo(signed('evt_beside_slow'))).toMatch(/^HTTP\/1\.1 200 /);
    for (const answer of await Promise.all(slow)) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('"code":"REQUEST_TOO_SLOW"');
    }
  }, 20_000);

  it('that sends a body to nowhere is answered before the body is read', async () => {
    const answer = await answerTo(
      'POST /webhooks/other HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n' +
        'Content-Length: 4000\r\n\r\n',
      '{"id":',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('"code":"ROUTE_NOT_FOUND"');
  });

  it('that is no HTTP, or has too many headers, is told so', async () => {
    expect(await answerTo('\u0016\u0003\u0001 TLS\r\n\r\n')).toContain('"code":"BAD_REQUEST"');
    const answer = await answerTo(`${HEAD}X: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"HEADERS_TOO_LARGE"');
  });

  it('with more than 1 MB is answered before it has sent all, announced or not', async () => {
    const announced = await answerTo(`${HEAD}Content-Length: 1048577\r\n\r\n`);
    const ofKyc = await answerTo(`${KYC_HEAD}Content-Length: 1048577\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const chunked = await answerTo(
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
      ...Array.from({ length: 17 }, () => chunk),
    );
    for (const answer of [announced, ofKyc, chunked]) {
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"BODY_TOO_LARGE"');
    }
  });
});

describe('unfinished bodies', () => {
  const LIMITS = { bodyBytesMax: 5_000, unfinishedBytesMax: 10_000, refusedAfterMs: 1 };
  const begun = (reader: ReturnType<typeof createBodyReader>) => {
    const message = new Readable({ read() {} });
    const read = reader(Object.assign(message, { headers: {} }) as unknown as IncomingMessage);
    const outcome = read.then(
      (body) => body.toString(),
      (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
    );
    return { message, outcome };
  };

  it('give way in the order in which they began', async () => {
    const reader = createBodyReader(LIMITS);
    const bodies = [1, 2, 3].map(() => begun(reader));
    for (const { message } of bodies) message.push('x'.repeat(4_000));
    expect(await bodies[0]?.outcome).toBe('BODIES_WAIT');
    for (const { message } of bodies) message.push(null);
    expect(await bodies[1]?.outcome).toBe('x'.repeat(4_000));
    expect(await bodies[2]?.outcome).toBe('x'.repeat(4_000));
    // What ended, in whatever way, counts no more.
    const next = [1, 2].map(() => begun(reader));
    for (const { message } of next) message.push('y'.repeat(4_000));
    for (const { message } of next) message.push(null);
    for (const { outcome } of next) expect(await outcome).toBe('y'.repeat(4_000));
  });

  it('give way only when they hold more than their share', async () => {
    const reader = createBodyReader(LIMITS);
    const small = begun(reader);
    small.message.push('z');
    const large = [1, 2, 3].map(() => begun(reader));
    for (const { message } of large) message.push('x'.repeat(4_000));
    expect(await large[0]?.outcome).toBe('BODIES_WAIT');
    for (const { message } of [small, ...large]) message.push(null);
    expect(await small.outcome).toBe('z');
    expect(await large[2]?.outcome).toBe('x'.repeat(4_000));
  });

  it('hear late that they gave way, or when their connection is lost, and are read no further', async () => {
    const reader = createBodyReader({ ...LIMITS, refusedAfterMs: 3_600_000 });
    const large = [1, 2, 3].map(() => begun(reader));
    for (const { message } of large) message.push('x'.repeat(4_000));
    const [first, second, third] = large;
    await eventually(() => first?.message.isPaused() === true);
    for (const body of [second, third]) body?.message.push(null);
    expect(await third?.outcome).toBe('x'.repeat(4_000));
    expect(first?.message.isPaused()).toBe(true);
    first?.message.destroy();
    expect(await first?.outcome).toBe('BODIES_WAIT');
  });

  it('are counted with what a piece costs, and forgotten when their connection is lost', async () => {
    const reader = createBodyReader(LIMITS);
    const { message, outcome } = begun(reader);
    for (let n = 0; n < 60; n += 1) message.push('x');
    expect(await outcome).toBe('BODIES_WAIT');
    const lost = begun(reader);
    lost.message.push('x');
    lost.message.destroy(new Error('aborted'));
    expect(await lost.outcome).toBe('BAD_REQUEST');
  });
});
