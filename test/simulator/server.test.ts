/** What the server itself answers, and how it puts a request together before any operation sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION, createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { ADDRESS } from './program.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = createSimulator();
  await simulator.listen();
});
afterAll(() => simulator.close());

const FORM = {
  authorization: 'Bearer sk_test_x',
  'content-type': 'application/x-www-form-urlencoded',
};
const PERSON = `name=Ada&${Object.entries(ADDRESS)
  .map(([key, value]) => `billing[address][${key}]=${value}`)
  .join('&')}`;

async function post(path: string, headers: Record<string, string>, body: string) {
  const response = await fetch(`${simulator.url}${path}`, { method: 'POST', headers, body });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error?: Record<string, unknown> } & Record<string, unknown>,
  };
}

describe('the server', () => {
  it('identifies itself also in answers to bodies that are too large', async () => {
    const { status, headers } = await post('/v1/issuing/cards', FORM, `a=${'x'.repeat(1_100_000)}`);
    expect([status, headers.get('stripe-version')]).toEqual([413, API_VERSION]);
    expect(headers.get('request-id')).toMatch(/^req_/);
  });

  it('refuses writes from pages of other origins', async () => {
    const advance = (origin: string) =>
      post('/_sim/clock/advance', { origin, 'content-type': 'text/plain' }, '{"seconds":1}');
    const create = (origin: string) => post('/v1/issuing/cardholders', { ...FORM, origin }, PERSON);
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', '']) {
      const answers = [await advance(origin), await create(origin)];
      expect(answers.map(({ status }) => status)).toEqual([403, 403]);
      expect(answers[1]?.headers.get('request-id')).toMatch(/^req_/);
    }
    const own = simulator.url;
    expect([(await advance(own)).status, (await create(own)).status]).toEqual([200, 200]);
    const headers = { ...FORM, origin: 'http://evil.example' };
    const read = await fetch(`${own}/v1/issuing/cards`, { headers });
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  it('merges parameters in the address with those of a body, which win', async () => {
    const path = '/v1/issuing/cardholders?email=a@example.com&phone_number=%2B15555550100';
    const body = `${PERSON}&email=b@example.com`;
    const made = await post(path, FORM, body);
    expect(made.body).toMatchObject({ email: 'b@example.com', phone_number: '+15555550100' });
    const wrong = await post(`${path}&nonsense=1`, FORM, body);
    expect([wrong.status, wrong.body.error?.['param']]).toEqual([400, 'nonsense']);
  });
});
