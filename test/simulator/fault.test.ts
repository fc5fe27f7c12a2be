import http from 'node:http';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RateLimiter } from '../../src/simulator/http/rate-limit.ts';
import { ADDRESS, connect, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram();
});
afterEach(() => faults());
afterAll(() => program.close());

const faults = (...rules: object[]) => program.control('PUT', '/_sim/faults', { rules });
const list = (config: Partial<Stripe.StripeConfig> = {}) =>
  connect(program.simulator, config).issuing.cards.list({ limit: 1 });
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const PERSON = `name=Ada&${Object.entries(ADDRESS)
  .map(([key, value]) => `billing[address][${key}]=${value}`)
  .join('&')}`;

const post = (headers: Record<string, string> = {}, body = PERSON) =>
  fetch(`${program.simulator.url}/v1/issuing/cardholders`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_x', ...form, ...headers },
    body,
  });
const count = async (email: string) =>
  (await program.stripe.issuing.cardholders.list({ email })).data.length;

describe('faults', () => {
  it.each([
    ['429', 429, 'rate_limit', 'global-rate'],
    ['lock_timeout', 429, 'lock_timeout', undefined],
    ['409', 409, undefined, undefined],
    ['500', 500, undefined, undefined],
    ['502', 502, undefined, undefined],
    ['503', 503, undefined, undefined],
  ])('refuse with %s, and then end', async (fault, status, code, reason) => {
    await faults({ fault, count: 2 });
    for (const _ of [1, 2]) {
      const error = await refusal(list());
      expect([error.statusCode, error.code]).toEqual([status, code]);
      expect(error.headers?.['stripe-rate-limited-reason']).toBe(reason);
      expect(error.headers?.['stripe-should-retry']).toBeUndefined();
    }
    await list();
    expect(await program.control('GET', '/_sim/faults')).toEqual({ rules: [] });
    expect((await faults({ fault, count: 2 }))['rules']).toMatchObject([{ fault, left: 2 }]);
  });

  it('name another reason for 429 when asked to', async () => {
    await faults({ fault: '429', reason: 'endpoint-concurrency' });
    const error = await refusal(list());
    expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    expect(error.headers?.['stripe-rate-limited-reason']).toBe('endpoint-concurrency');
  });

  it('tell the client whether to repeat the call', async () => {
    await faults({ fault: '429', should_retry: true, count: 1 });
    await list({ maxNetworkRetries: 1 });
    await faults({ fault: '500', should_retry: false, count: 1 });
    expect((await refusal(list({ maxNetworkRetries: 1 }))).statusCode).toBe(500);
    await list();
  });

  it('strike only the calls that they describe', async () => {
    const { id } = await program.control('POST', '/_sim/accounts', { id: 'acct_struck' });
    await faults(
      { fault: '500', method: 'POST', path: '/v1/issuing/card*s' },
      { fault: '503', path: '/v1/*/cards', account: id },
      { fault: '502', path: '/v1/issuing/transactions' },
    );
    expect((await post()).status).toBe(500);
    await list();
    const there = connect(program.simulator, { stripeAccount: String(id) });
    expect((await refusal(there.issuing.cards.list())).statusCode).toBe(503);
    await there.issuing.cardholders.list();
    expect((await refusal(program.stripe.issuing.transactions.list())).statusCode).toBe(502);
    expect((await refusal(program.stripe.issuing.transactions.retrieve('ipi_x'))).statusCode).toBe(
      404,
    );
  });

  it('strike a share of the calls, the same ones for the same seed', async () => {
    const outcomes = async () => {
      const other = await startProgram({ seed: 5 });
      try {
        await other.control('PUT', '/_sim/faults', { rules: [{ fault: '500', share: 0.5 }] });
        const all: string[] = [];
        for (let call = 0; call < 40; call += 1) {
          const answer = await other.stripe.issuing.cards.list().catch(() => undefined);
          all.push(answer === undefined ? 'x' : '.');
        }
        return all.join('');
      } finally {
        await other.close();
      }
    };
    const first = await outcomes();
    expect(await outcomes()).toBe(first);
    expect(first.replaceAll('.', '').length).toBeGreaterThan(10);
    expect(first.replaceAll('x', '').length).toBeGreaterThan(10);
  });

  it('make calls wait, beside other faults', async () => {
    await faults({ fault: 'latency', latency_ms: 60, jitter_ms: 5 }, { fault: '500', count: 1 });
    const startedAt = performance.now();
    expect((await refusal(list())).statusCode).toBe(500);
    await list();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118);
  });

  it('cut the connection before the effect, or after it', async () => {
    await faults({ fault: 'drop', count: 1 });
    await expect(post({}, `${PERSON}&email=before@example.com`)).rejects.toThrow('fetch failed');
    expect(await count('before@example.com')).toBe(0);
    await faults({ fault: 'drop_after', count: 1, method: 'POST' });
    await expect(post({}, `${PERSON}&email=after@example.com`)).rejects.toThrow('fetch failed');
    expect(await count('after@example.com')).toBe(1);
  });

  it('cut the connection in the middle of an answer', async () => {
    await faults({ fault: 'half_answer', count: 1 });
    const { status, received, promised, complete } = await new Promise<{
      status: number | undefined;
      received: string;
      promised: number;
      complete: boolean;
    }>((resolve, reject) => {
      const headers = { authorization: 'Bearer sk_test_x' };
      const url = `${program.simulator.url}/v1/issuing/cards`;
      http
        .get(url, { headers }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', () => {});
          response.on('close', () =>
            resolve({
              status: response.statusCode,
              received: text,
              promised: Number(response.headers['content-length']),
              complete: response.complete,
            }),
          );
        })
        .on('error', reject);
    });
    expect([status, complete]).toEqual([200, false]);
    expect(received.length).toBeGreaterThan(0);
    expect(received.length).toBeLessThan(promised);
  });

  it('hide what was done behind a 500, which the idempotency key keeps', async () => {
    await faults({ fault: 'error_after', count: 1, method: 'POST', should_retry: false });
    const send = () => post({ 'idempotency-key': 'hidden' }, `${PERSON}&email=hidden@example.com`);
    const first = await send();
    const second = await send();
    expect([first.status, second.status]).toEqual([500, 500]);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('stripe-should-retry')).toBe('false');
    expect(await count('hidden@example.com')).toBe(1);
  });

  it('do not use up an idempotency key when nothing was done', async () => {
    for (const fault of ['409', '429', '500', 'lock_timeout']) {
      await faults({ fault, count: 1 });
      const send = () => post({ 'idempotency-key': `unused-${fault}` });
      expect((await send()).status).toBeGreaterThanOrEqual(400);
      const again = await send();
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, null]);
    }
  });
});

describe('rate limits', () => {
  /** How many of so many calls at once pass, and why the first of the others does not. */
  function pass(
    limiter: RateLimiter,
    calls: number,
    name: (call: number) => string,
    rate?: number,
  ) {
    let passed = 0;
    let reason: unknown;
    for (let call = 0; call < calls; call += 1) {
      try {
        limiter.take('acct', name(call), rate);
        passed += 1;
      } catch (error) {
        reason ??= (error as { headers: Record<string, string> }).headers[
          'stripe-rate-limited-reason'
        ];
      }
    }
    return [passed, reason];
  }

  it('are those that Stripe publishes, and fill again with time', () => {
    let now = 0;
    const clock = () => now;
    const each = (call: number) => `GET /${call}`;
    expect(pass(new RateLimiter('off', clock), 1_000, each)).toEqual([1_000, undefined]);
    expect(pass(new RateLimiter('sandbox', clock), 60, each)).toEqual([25, 'global-rate']);
    const live = new RateLimiter('live', clock);
    expect(pass(live, 60, () => 'GET /one')).toEqual([25, 'endpoint-rate']);
    expect(pass(live, 60, each)).toEqual([40, 'global-rate']);
    now = 500;
    expect(pass(live, 60, each)).toEqual([50, 'global-rate']);
    now = 60_000;
    expect(pass(live, 200, each)).toEqual([100, 'global-rate']);
    now = 120_000;
    expect(pass(live, 60, () => 'GET /slow', 20)).toEqual([20, 'endpoint-rate']);
  });

  it('are lower for files', async () => {
    // Real time stands still, so that nothing fills again on a slow machine.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    try {
      await program.control('PUT', '/_sim/rate_limits', { mode: 'live' });
      const headers = { authorization: 'Bearer sk_test_x' };
      const read = () => fetch(`${program.simulator.url}/v1/files/file_x/contents`, { headers });
      const answers = await Promise.all(Array.from({ length: 23 }, read));
      const refused = answers.filter(({ status }) => status === 429);
      expect([answers.filter(({ status }) => status === 404).length, refused.length]).toEqual([
        20, 3,
      ]);
      expect(refused[0]?.headers.get('stripe-rate-limited-reason')).toBe('endpoint-rate');
    } finally {
      clock.mockRestore();
      await program.control('PUT', '/_sim/rate_limits', { mode: 'off' });
    }
  });

  it('refuse calls once they are switched on, until they are switched off', async () => {
    await program.control('PUT', '/_sim/rate_limits', { mode: 'sandbox' });
    const answers = await Promise.allSettled(Array.from({ length: 40 }, () => list()));
    const refused = answers.flatMap((entry) =>
      entry.status === 'rejected' ? [entry.reason as Stripe.errors.StripeError] : [],
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    expect(refused[0]?.headers?.['stripe-rate-limited-reason']).toBe('global-rate');
    await program.control('PUT', '/_sim/rate_limits', { mode: 'off' });
    await list();
  });
});
