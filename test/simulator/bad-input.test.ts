/**
 * Thousands of mutated requests: each is answered soon and in Stripe's shape, never with a 5xx, and a refused one
 * changes nothing. Every request meets the same state, because what an accepted one did is taken back.
 */
import http from 'node:http';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlRequest, mutation, type Request, type Route, validRequest } from './mutation.ts';
import { validateAnswer } from './openapi.ts';
import { type Program, startProgram } from './program.ts';

const RUNS = 3_000;
const CONTROL_RUNS = 500;
const ANSWER_DEADLINE_MS = 2_000;
const TEST_TIMEOUT_MS = 60_000;
/** Few, because the whole state is compared after each refusal. */
const CAPTURES = 4;

let program: Program;
let base: string;
let baseState: string;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
  const { stripe } = program;
  const card = await program.card();
  await stripe.issuing.cards.update(card.id, { metadata: { colour: 'red' } });
  const { authorizations } = stripe.testHelpers.issuing;
  await authorizations.create({ card: card.id, amount: 500 });
  // Paths can ask for the cube of its captures.
  const large = await authorizations.create({ card: card.id, amount: 900 });
  const part = { capture_amount: 1, close_authorization: false };
  for (let made = 0; made < CAPTURES; made += 1) await authorizations.capture(large.id, part);
  const captured = await authorizations.create({ card: card.id, amount: 700 });
  const closed = await authorizations.capture(captured.id, { capture_amount: 300 });
  await stripe.issuing.disputes.create({ transaction: closed.transactions[0]?.id ?? '' });
  await program.control('POST', '/_sim/issuing/tokens', {
    card: card.id,
    wallet_provider: 'apple_pay',
  });
  const { data: bundles } = await stripe.issuing.physicalBundles.list({ status: 'active' });
  await stripe.issuing.personalizationDesigns.create({
    physical_bundle: bundles[0]?.id ?? '',
    card_logo: 'file_logo',
    carrier_text: { header_title: 'Hello' },
  });
  await stripe.rawRequest('POST', '/v1/test_helpers/issuing/settlements', {
    bin: '400000',
    clearing_date: 1,
    currency: 'usd',
    net_total_amount: 1,
  });
  await stripe.identity.verificationSessions.create({ type: 'document' });
  // Nobody listens there; the endpoint takes no events, so nothing is delivered.
  await stripe.webhookEndpoints.create({
    url: 'http://127.0.0.1:9/',
    enabled_events: ['issuing_dispute.closed'],
  });
  const name = 'Shippable';
  const address = { line1: 'x', city: 'y', postal_code: '1', country: 'US' };
  const cardholder = card.cardholder.id;
  await stripe.issuing.cards.create({
    cardholder,
    currency: 'usd',
    type: 'physical',
    shipping: { name, address },
  });
  base = (await send({ method: 'GET', path: '/_sim/snapshot' })).body;
  baseState = stateOf(base);
});
afterAll(async () => {
  agent.destroy();
  await program.close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(request: {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}): Promise<Answer> {
  const { method, path, headers = {}, body } = request;
  return new Promise((resolve, reject) => {
    const { port } = program.simulator;
    const sent = http.request({ agent, method, path, headers, port, host: '127.0.0.1' });
    sent.setTimeout(ANSWER_DEADLINE_MS, () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    sent.end(body);
  });
}

/** Without what a refused request may use up: numbers for ids before it, idempotency keys behind it. */
const stateOf = (text: string): string =>
  text.slice(text.indexOf('"platform":'), text.lastIndexOf('"idempotency":'));

/** Where two states begin to differ; an empty text when they do not. */
function differs(state: string, wanted: string): string {
  if (state === wanted) return '';
  let at = 0;
  while (state[at] === wanted[at]) at += 1;
  return `...${state.slice(Math.max(0, at - 80), at + 200)}`;
}

/** Writes to a socket of its own; resolves to what comes back until an answer, or the end. */
function sendBytes(text: string, breakOff = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(program.simulator.port, '127.0.0.1');
    let received = '';
    socket.setTimeout(ANSWER_DEADLINE_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      socket.destroy();
    });
    socket.on('close', () => resolve(received));
    socket.write(text, 'latin1', () => {
      if (breakOff) socket.destroy();
    });
  });
}

const restore = async (): Promise<void> => {
  const { status } = await send({ method: 'POST', path: '/_sim/restore', body: base });
  expect(status).toBe(200);
};

const idsIn = (text: string): readonly string[] => [
  ...new Set(
    text
      .match(/"(?:ic|ich|iauth|ipi|idp|intok|ipcd|ics|ise|vs|vr|we|evt|frr)_1\w{23}"/g)
      ?.map((id) => JSON.parse(id) as string),
  ),
];

/** A refusal that is about a parameter names it to whoever reads no more than the message. */
function checkMessage(status: number, answer: unknown): void {
  const { message, param } =
    (answer as { error?: { message?: string; param?: string } }).error ?? {};
  if (status === 400 && param !== undefined) expect(message).toContain(param);
}

/** Sends a mutated request, checks its answer, and leaves the state as it was. */
async function check(request: Request): Promise<boolean> {
  const encoded = request.pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  const inBody =
    request.method !== 'GET' && request.method !== 'DELETE' && request.method !== 'HEAD';
  const payload = request.raw ?? encoded;
  // A query of the size of a body would end at the limit for headers, which is tested below.
  const query =
    !inBody && payload.length > 0 && payload.length < 9_000
      ? `?${payload.replaceAll(/\s/g, '%20')}`
      : '';
  const answer = await send({
    method: request.method,
    path: `${request.path}${query}`,
    headers: request.headers,
    ...(inBody ? { body: payload } : {}),
  });
  const { status } = answer;
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status < 500 ? '' : answer.body).toBe('');
  if (request.method !== 'HEAD') {
    const path = request.path.replace(/\?.*/s, '');
    const shown: unknown = JSON.parse(answer.body);
    validateAnswer({ method: request.method, path, status }, shown);
    checkMessage(status, shown);
  }
  if (status >= 400) {
    const after = (await send({ method: 'GET', path: '/_sim/snapshot' })).body;
    expect(differs(stateOf(after), baseState)).toBe('');
  } else if (request.method !== 'GET') {
    await restore();
  }
  expect({}).not.toHaveProperty('polluted');
  return status < 400;
}

/** The same for a request to a control route. */
async function checkControl(request: Parameters<typeof send>[0]): Promise<boolean> {
  const answer = await send(request);
  expect(answer.status < 500 ? '' : answer.body).toBe('');
  const parsed: unknown = JSON.parse(answer.body);
  if (answer.status >= 400) validateAnswer({ method: '', path: '', status: answer.status }, parsed);
  checkMessage(answer.status, parsed);
  const after = (await send({ method: 'GET', path: '/_sim/snapshot' })).body;
  if (answer.status >= 400) expect(differs(stateOf(after), baseState)).toBe('');
  else if (after !== base) await restore();
  return answer.status < 400;
}

/** A failure must not leave a state behind that makes smaller requests fail as well. */
async function cleanly(act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await act();
  } catch (error) {
    await restore();
    throw error;
  }
}

describe('bad input', () => {
  it(
    'is refused in shape and in time, and changes nothing',
    async () => {
      let accepted = 0;
      const bad = fc
        .record({
          request: validRequest(idsIn(base)),
          changes: fc.array(mutation, { maxLength: 3 }),
        })
        .map(({ request, changes }) => changes.reduce((made, change) => change(made), request));
      await fc.assert(
        fc.asyncProperty(bad, async (request) => {
          if (await cleanly(() => check(request))) accepted += 1;
        }),
        { numRuns: RUNS },
      );
      // Otherwise the requests are so bad that they test nothing but the front door.
      expect(accepted).toBeGreaterThan(RUNS / 20);
      expect(accepted).toBeLessThan(RUNS);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'of control routes is refused likewise',
    async () => {
      const { routes } = await program.control('GET', '/_sim');
      // Faults and limits would strike the requests of this test, and the stream does not end.
      const calm = (routes as Route[]).filter(
        ({ path }) => !/faults|rate_limits|stream/.test(path),
      );
      let accepted = 0;
      const bad = fc.oneof(...calm.map((route) => controlRequest(route, idsIn(base))));
      await fc.assert(
        fc.asyncProperty(bad, async (request) => {
          if (await cleanly(() => checkControl(request))) accepted += 1;
        }),
        { numRuns: CONTROL_RUNS },
      );
      expect(accepted).toBeGreaterThan(CONTROL_RUNS / 20);
    },
    TEST_TIMEOUT_MS,
  );

  it('of faults is refused, and leaves those that are set', async () => {
    const set = (body: string) => send({ method: 'PUT', path: '/_sim/faults', body });
    const rules = '{"rules":[{"fault":"500","path":"/nowhere"}]}';
    expect((await set(rules)).status).toBe(200);
    const before = await program.control('GET', '/_sim/faults');
    const wrong = [
      '{}',
      '[]',
      '{"rules":"x"}',
      '{"rules":[{}]}',
      '{"rules":[{"fault":"x"}]}',
      '{"rules":[{"fault":"500","share":2}]}',
      '{"rules":[{"fault":"500","count":0}]}',
      '{"rules":[{"fault":"500","__proto__":1}]}',
      '{"rules":{"a":{"fault":"500"}}}',
      `{"rules":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ];
    const statuses = await Promise.all(wrong.map(async (body) => (await set(body)).status));
    expect(statuses).toEqual(wrong.map(() => 400));
    expect(await program.control('GET', '/_sim/faults')).toEqual(before);
    expect((await set('{"rules":[]}')).status).toBe(200);
  });

  it.each([
    ['something else than HTTP', 'hello\r\n\r\n', '400'],
    ['headers without end', `GET /v1/issuing/cards HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`, '431'],
    [
      'two lengths',
      'POST /v1/issuing/cards HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na',
      '400',
    ],
    ['a negative length', 'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n', '400'],
    [
      'broken chunks',
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      '400',
    ],
    ['no host', 'GET /v1/issuing/cards HTTP/1.1\r\n\r\n', '400'],
    [
      'a body with chunks',
      'POST /v1/issuing/cards HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk_x\r\nauthorization: Bearer pk_x\r\ntransfer-encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n',
      '400',
    ],
    [
      'an upgrade',
      'GET /v1/x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      '401',
    ],
  ])('of the protocol is met: %s', async (_name, text, status) => {
    expect((await sendBytes(text)).split(' ', 2)[1]).toBe(status);
    expect((await send({ method: 'GET', path: '/_sim/health' })).status).toBe(200);
  });

  it('may be 10 MB long, or break off', async () => {
    const path = '/v1/issuing/cards';
    const headers = { authorization: 'Bearer sk_test_x' };
    const body = 'a='.padEnd(10_000_000, 'x');
    expect((await send({ method: 'POST', path, headers, body })).status).toBe(413);
    await sendBytes(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\na=1`, true);
    expect((await send({ method: 'GET', path: '/_sim/health' })).status).toBe(200);
    await program.simulator.settle();
  });
});
