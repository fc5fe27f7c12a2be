/** The stream of notices: what is in it, and that nobody who reads it can do harm. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createStream } from '../../src/simulator/http/stream.ts';
import { type Notice, Watch } from '../../src/simulator/world/watch.ts';
import { startProgram } from './program.ts';

const DEADLINE_MS = 5_000;
const closings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
});

/** A reader that keeps up, until it is told to pause. */
async function read(url: string) {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.get(url, resolve).on('error', reject);
    closings.push(() => void request.destroy());
  });
  response.on('error', () => {});
  let text = '';
  let ended = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('close', () => {
    ended = true;
  });
  return {
    response,
    ended: () => ended,
    notices: () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .filter((message) => message.startsWith('data: '))
        .map((message) => JSON.parse(message.slice('data: '.length)) as Record<string, unknown>),
  };
}

async function eventually(condition: () => boolean, subject: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`It never happened: ${subject}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('tells of events, delivery attempts and calls, and is no call under way', async () => {
  const program = await startProgram();
  closings.push(() => program.close());
  const reader = await read(`${program.simulator.url}/_sim/stream`);
  expect(reader.response.headers['content-type']).toBe('text/event-stream');
  let refusals = 1;
  program.receiver.respond = () => ({ status: refusals-- > 0 ? 500 : 200 });
  const endpoint = await program.subscribe();
  const cardholder = await program.cardholder();
  await program.simulator.settle();
  await eventually(
    () => reader.notices().filter(({ kind }) => kind === 'delivery').length === 2,
    'two attempts are in the stream',
  );

  const notices = reader.notices();
  const event = program.receiver.received[0]?.event.id;
  const account = program.simulator.platformAccount;
  expect(notices.filter(({ kind }) => kind === 'event')).toEqual([
    {
      kind: 'event',
      account,
      id: event,
      type: 'issuing_cardholder.created',
      object: cardholder.id,
    },
  ]);
  const type = 'issuing_cardholder.created';
  const attempt = { kind: 'delivery', account, endpoint: endpoint.id, event, type };
  expect(notices.filter(({ kind }) => kind === 'delivery')).toEqual([
    { ...attempt, attempt: 1, outcome: 500 },
    { ...attempt, attempt: 2, outcome: 200 },
  ]);
  expect(notices).toContainEqual(
    expect.objectContaining({
      kind: 'call',
      method: 'POST',
      path: '/v1/issuing/cardholders',
      status: 200,
    }),
  );
});

test('tells of an attempt that nobody answered', async () => {
  const program = await startProgram();
  closings.push(() => program.close());
  const reader = await read(`${program.simulator.url}/_sim/stream`);
  // Nothing listens on port 1.
  await program.subscribe({ url: 'http://127.0.0.1:1/' });
  await program.cardholder();
  const isFailure = (notice: Record<string, unknown>): boolean =>
    notice['kind'] === 'delivery' && notice['outcome'] === 'failed';
  await eventually(() => reader.notices().some(isFailure), 'a failed attempt is in the stream');
});

test('is listed among the control routes', async () => {
  const program = await startProgram();
  closings.push(() => program.close());
  const { routes } = await program.control('GET', '/_sim');
  expect(routes).toContainEqual(expect.objectContaining({ method: 'GET', path: '/_sim/stream' }));
});

test('ends when the simulator closes', async () => {
  const program = await startProgram();
  const reader = await read(`${program.simulator.url}/_sim/stream`);
  await program.close();
  await eventually(() => reader.ended(), 'the stream ends');
});

/** A stream on a server of its own, with access to what it has written to its reader. */
async function serveStream(watch: Watch) {
  const stream = createStream(watch);
  const responses: http.ServerResponse[] = [];
  const server = http.createServer((_request, response) => {
    responses.push(response);
    stream.open(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  closings.push(() => {
    stream.close();
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    unread: () => responses[0]?.writableLength ?? 0,
  };
}

const PADDING = ' '.repeat(10_000);

const notice = (id: number): Notice => ({
  kind: 'event',
  account: 'acct_1',
  id: `evt_${id}`,
  type: `issuing_card.updated${PADDING}`,
  object: 'ic_1',
});

test('skips notices for a reader that does not keep up, and says how many', async () => {
  const watch = new Watch();
  const { url, unread } = await serveStream(watch);
  const slow = await read(url);
  const fast = await read(url);
  let published = 0;
  const publish = (count: number): void => {
    for (let index = 0; index < count; index += 1) watch.publish(notice(published++));
  };
  slow.response.pause();
  await eventually(() => {
    publish(20);
    return unread() > 500_000;
  }, 'the system holds no more for the slow reader');
  const behind = unread();
  for (let round = 0; round < 3; round += 1) {
    publish(100);
    await eventually(() => fast.notices().length === published, 'the fast reader has all of them');
  }
  // One round may still go out, when the system takes a little more; the other two must not.
  expect(unread()).toBeLessThan(behind + 1.5 * 100 * PADDING.length);

  slow.response.resume();
  await eventually(() => unread() === 0, 'the slow reader has caught up');
  publish(1);
  const known = (): number =>
    slow.notices().reduce((sum, entry) => sum + Number(entry['skipped'] ?? 1), 0);
  await eventually(() => known() === published, 'every notice was read or reported as skipped');
  const [skipped, ...more] = slow.notices().filter(({ kind }) => kind === 'skipped');
  expect(skipped?.['skipped']).toBeGreaterThanOrEqual(200);
  expect(more).toEqual([]);
});

test('watches only while somebody reads', async () => {
  const watch = new Watch();
  let watching = 0;
  const subscribe = watch.subscribe.bind(watch);
  watch.subscribe = (listener) => {
    watching += 1;
    const end = subscribe(listener);
    return () => {
      watching -= 1;
      end();
    };
  };
  const { url } = await serveStream(watch);
  expect(watching).toBe(0);
  const readers = [await read(url), await read(url)];
  expect(watching).toBe(1);
  for (const { response } of readers) response.destroy();
  await eventually(() => watching === 0, 'the last reader has left');
});
