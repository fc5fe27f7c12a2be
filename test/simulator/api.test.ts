import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS, connect, decision, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram();
});
afterAll(() => program.close());

const KEY = { authorization: 'Bearer sk_test_x' };
const FORM = { ...KEY, 'content-type': 'application/x-www-form-urlencoded' };

async function raw(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string } = {},
) {
  const response = await fetch(`${program.simulator.url}${path}`, {
    method,
    headers: KEY,
    ...init,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error?: Record<string, unknown> } & Record<string, unknown>,
  };
}

describe('keys and accounts', () => {
  it('asks for a key, and takes Bearer and Basic ones', async () => {
    const without = await raw('GET', '/v1/issuing/cards', { headers: {} });
    expect([without.status, without.body.error?.['type']]).toEqual([401, 'invalid_request_error']);
    const basic = { authorization: `Basic ${Buffer.from('sk_test_x:').toString('base64')}` };
    expect((await raw('GET', '/v1/issuing/cards', { headers: basic })).status).toBe(200);
    const digest = { authorization: 'Digest sk_test_x' };
    expect((await raw('GET', '/v1/issuing/cards', { headers: digest })).status).toBe(401);
    const wrong = await refusal(
      connect(program.simulator).issuing.cards.list({}, { apiKey: 'pk_test_1234567890' }),
    );
    expect(wrong).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect(wrong.message).not.toContain('1234567890');
  });

  it('keeps accounts apart and refuses unknown ones', async () => {
    const { id } = await program.control('POST', '/_sim/accounts', { id: 'acct_connected' });
    const there = await program.stripe.issuing.cardholders.create(
      { name: 'Ada', billing: { address: ADDRESS } },
      { stripeAccount: String(id) },
    );
    expect((await refusal(program.stripe.issuing.cardholders.retrieve(there.id))).code).toBe(
      'resource_missing',
    );
    const unknown = await refusal(
      program.stripe.issuing.cards.list({}, { stripeAccount: 'acct_unknown' }),
    );
    expect(unknown).toBeInstanceOf(Stripe.errors.StripePermissionError);
    expect(unknown.code).toBe('account_invalid');
  });

  it('takes a context that names an account, by the last part of its path', async () => {
    await program.control('POST', '/_sim/accounts', { id: 'acct_context' });
    const within = (context: string) =>
      raw('POST', '/v1/identity/verification_sessions', {
        headers: { ...FORM, 'stripe-context': context },
        body: 'type=document',
      });
    const made = await within(`${program.simulator.platformAccount}/acct_context`);
    const found = await program.stripe.identity.verificationSessions.retrieve(
      String(made.body['id']),
      {},
      { stripeAccount: 'acct_context' },
    );
    expect(found.id).toBe(made.body['id']);
    expect((await within('acct_nobody')).status).toBe(403);
  });

  it('points to its documentation and its log in errors', async () => {
    const answer = await raw('GET', '/v1/issuing/cards/ic_unknown');
    expect(answer.body.error).toMatchObject({
      doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
      request_log_url: `https://dashboard.stripe.com/test/logs/${answer.headers.get('request-id')}`,
    });
  });

  it('does not repeat long values in errors', async () => {
    const answer = await raw('POST', '/v1/issuing/cards', {
      headers: FORM,
      body: `exp_month=${'x'.repeat(100_000)}&currency=usd&type=virtual`,
    });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body).length).toBeLessThan(5_000);
  });

  it('answers with request id, version, account and simulator time', async () => {
    const answer = await raw('GET', '/v1/issuing/cards', {
      headers: {
        ...KEY,
        'stripe-version': '2024-06-20',
        'stripe-account': program.simulator.platformAccount,
      },
    });
    expect(answer.headers.get('request-id')).toMatch(/^req_/);
    expect(answer.headers.get('stripe-version')).toBe('2024-06-20');
    expect(answer.headers.get('stripe-account')).toBe(program.simulator.platformAccount);
    const { now } = await program.control('POST', '/_sim/clock/advance', { seconds: 3_600 });
    const later =
      Date.parse((await raw('GET', '/v1/issuing/cards')).headers.get('date') ?? '') / 1000;
    expect(Math.abs(later - Number(now))).toBeLessThanOrEqual(1);
  });
});

describe('refusals', () => {
  it.each([
    ['an unknown parameter', { colour: 'red' }, 'parameter_unknown', 'colour'],
    [
      'a nested unknown parameter',
      { billing: { address: { ...ADDRESS, planet: 'x' } } },
      'parameter_unknown',
      'billing[address][planet]',
    ],
    ['an empty value that cannot be unset', { name: '' }, 'parameter_invalid_empty', 'name'],
    [
      'a text where an integer belongs',
      { individual: { dob: { day: 'x', month: 1, year: 1990 } } },
      'parameter_invalid_integer',
      'individual[dob][day]',
    ],
    ['a value that is not a choice', { status: 'blocked' }, undefined, 'status'],
    ['a text where an object belongs', { individual: 'x' }, undefined, 'individual'],
    [
      'a missing nested parameter',
      { billing: { address: { line1: 'x' } } },
      'parameter_missing',
      'billing[address][city]',
    ],
  ])('name %s', async (_name, params, code, param) => {
    const wrong = {
      name: 'Ada',
      billing: { address: ADDRESS },
      ...params,
    } as Stripe.Issuing.CardholderCreateParams;
    const error = await refusal(program.stripe.issuing.cardholders.create(wrong));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect([error.statusCode, error.code, error.param]).toEqual([400, code, param]);
    expect(error.message).not.toBe('');
  });

  it('name unknown objects, in paths and in parameters', async () => {
    const path = await refusal(program.stripe.issuing.cards.retrieve('ic_unknown'));
    expect([path.statusCode, path.code, path.message]).toEqual([
      404,
      'resource_missing',
      "No such issuing card: 'ic_unknown'",
    ]);
    const reference = await refusal(program.card({ cardholder: 'ich_unknown' }));
    expect([reference.statusCode, reference.code, reference.param]).toEqual([
      400,
      'resource_missing',
      'cardholder',
    ]);
  });

  it.each<[string, string, string | undefined, number]>([
    ['an unknown path', 'GET /v1/unknown', undefined, 404],
    ['a wrong method', 'DELETE /v1/issuing/cards', undefined, 404],
    ['another path than the API', 'GET /elsewhere', undefined, 404],
    [
      'prototype keys',
      'POST /v1/issuing/cards',
      '__proto__[polluted]=1&currency=usd&type=virtual',
      400,
    ],
    ['deep brackets', 'POST /v1/issuing/cards', `a${'[b]'.repeat(50)}=1`, 400],
    ['broken brackets', 'POST /v1/issuing/cards', 'a[b=1', 400],
    ['broken percent-encoding', 'POST /v1/issuing/cards', 'a=%E0%A4%A', 400],
    ['too many parameters', 'POST /v1/issuing/cards', 'a=1&'.repeat(5_000), 400],
    ['a huge body', 'POST /v1/issuing/cards', `a=${'x'.repeat(2_000_000)}`, 413],
    ['a huge limit', 'GET /v1/issuing/cards?limit=1000', undefined, 400],
    ['a limit of zero', 'GET /v1/issuing/cards?limit=0', undefined, 400],
    ['an unknown cursor', 'GET /v1/issuing/cards?starting_after=ic_x', undefined, 400],
  ])('meet %s without a crash', async (_name, line, body, status) => {
    const [method = '', path = ''] = line.split(' ');
    const answer = await raw(method, path, body === undefined ? {} : { headers: FORM, body });
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({
      type: 'invalid_request_error',
      message: expect.any(String),
    });
    expect({}).not.toHaveProperty('polluted');
  });

  it('meet a JSON body with a hint at the content type', async () => {
    const answer = await raw('POST', '/v1/issuing/cards', {
      headers: { ...KEY, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.body.error?.['message']).toContain('application/x-www-form-urlencoded');
  });
});

describe('form bodies', () => {
  it('may write arrays with empty brackets, as curl users do', async () => {
    const card = await program.card();
    const body = [
      'spending_controls[allowed_categories][]=bakeries',
      'spending_controls[allowed_categories][]=book_stores',
      'spending_controls[spending_limits][][amount]=100',
      'spending_controls[spending_limits][][interval]=daily',
      'spending_controls[spending_limits][][amount]=200',
      'spending_controls[spending_limits][][interval]=weekly',
    ].join('&');
    const answer = await raw('POST', `/v1/issuing/cards/${card.id}`, {
      headers: FORM,
      body: body.replaceAll('[', '%5B'),
    });
    expect(answer.body['spending_controls']).toMatchObject({
      allowed_categories: ['bakeries', 'book_stores'],
      spending_limits: [
        { amount: 100, interval: 'daily' },
        { amount: 200, interval: 'weekly' },
      ],
    });
  });
});

describe('idempotency', () => {
  const params = { name: 'Idem Potent', billing: { address: ADDRESS } };
  const create = (key: string, given: Stripe.Issuing.CardholderCreateParams = params) =>
    program.stripe.issuing.cardholders.create(given, { idempotencyKey: key });

  it('replays the first answer and marks it', async () => {
    const first = await create('replay');
    const second = await create('replay');
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.idempotencyKey).toBe('replay');
    const headers = { ...FORM, 'idempotency-key': 'marked' };
    const send = () =>
      raw('POST', '/v1/identity/verification_sessions', { headers, body: 'type=document' });
    const [one, two] = [await send(), await send()];
    expect(two.body).toEqual(one.body);
    expect([
      one.headers.get('idempotent-replayed'),
      two.headers.get('idempotent-replayed'),
    ]).toEqual([null, 'true']);
    expect(two.headers.get('original-request')).toBe(one.headers.get('request-id'));
  });

  it('refuses the key with other parameters, and forgets it after a day', async () => {
    const { id } = await create('mismatch');
    const error = await refusal(create('mismatch', { ...params, name: 'Other' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    await program.control('POST', '/_sim/clock/advance', { seconds: 25 * 3_600 });
    expect((await create('mismatch', { ...params, name: 'Other' })).id).not.toBe(id);
  });

  it('replays errors of the operation, but not refused parameters', async () => {
    const { id } = await program.cardholder();
    const card = (cardholder: string, type: string) =>
      program.stripe.issuing.cards.create(
        { cardholder, currency: 'usd', type },
        { idempotencyKey: 'errors' },
      );
    expect((await refusal(card(id, 'imaginary'))).param).toBe('type');
    expect((await refusal(card('ich_unknown', 'virtual'))).code).toBe('resource_missing');
    const replayed = await refusal(card('ich_unknown', 'virtual'));
    expect(replayed.headers?.['idempotent-replayed']).toBe('true');
  });

  it('refuses the key while its first request is running', async () => {
    const card = await program.card();
    let secondAnswer: Promise<Error> | undefined;
    const buy = () =>
      program.stripe.testHelpers.issuing.authorizations.create(
        { card: card.id, amount: 1 },
        { idempotencyKey: 'running' },
      );
    await program.decideWith(async (received) => {
      secondAnswer ??= refusal(buy());
      await secondAnswer;
      return decision(received, { approved: true });
    });
    expect((await buy()).approved).toBe(true);
    const second = await secondAnswer;
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    await program.control('DELETE', '/_sim/accounts/platform/realtime_endpoint');
  });

  it('compares parameters, not the order in which they were written', async () => {
    const headers = { ...FORM, 'idempotency-key': 'order' };
    const send = (body: string) =>
      raw('POST', '/v1/identity/verification_sessions', { headers, body });
    const first = await send('type=document&metadata[a]=1&metadata[b]=2');
    const second = await send('metadata%5Bb%5D=2&metadata[a]=1&type=document');
    expect([second.body['id'], second.headers.get('idempotent-replayed')]).toEqual([
      first.body['id'],
      'true',
    ]);
    const other = await send('type=document&metadata[a]=2&metadata[b]=1');
    expect([other.status, other.body.error?.['type']]).toEqual([400, 'idempotency_error']);
  });

  it('keeps the keys of each account to itself', async () => {
    const { id } = await program.control('POST', '/_sim/accounts', { id: 'acct_keys' });
    const there = await program.stripe.issuing.cardholders.create(params, {
      idempotencyKey: 'shared',
      stripeAccount: String(id),
    });
    expect((await create('shared')).id).not.toBe(there.id);
  });

  it('ignores keys of other methods than POST, and refuses long ones', async () => {
    const get = () =>
      raw('GET', '/v1/issuing/cardholders?limit=1', {
        headers: { ...KEY, 'idempotency-key': 'get' },
      });
    const before = await get();
    await create('between');
    const after = await get();
    expect(after.headers.get('idempotent-replayed')).toBeNull();
    expect(after.body['data']).not.toEqual(before.body['data']);
    const made = await program.subscribe();
    const remove = () =>
      raw('DELETE', `/v1/webhook_endpoints/${made.id}`, {
        headers: { ...KEY, 'idempotency-key': 'delete' },
      });
    expect([(await remove()).status, (await remove()).status]).toEqual([200, 404]);
    const long = await refusal(create('k'.repeat(256)));
    expect([long.statusCode, long.rawType]).toEqual([400, 'idempotency_error']);
    await create('k'.repeat(255));
  });

  it('lets the client repeat a call whose answer was lost, without doing it twice', async () => {
    const retrying = connect(program.simulator, { maxNetworkRetries: 1 });
    await program.control('PUT', '/_sim/faults', { rules: [{ fault: 'drop_after', count: 1 }] });
    const made = await retrying.issuing.cardholders.create({
      ...params,
      email: 'once@example.com',
    });
    const list = await program.stripe.issuing.cardholders.list({ email: 'once@example.com' });
    expect(list.data.map(({ id }) => id)).toEqual([made.id]);
  });
});

describe('control routes', () => {
  it('are listed, and refuse what they do not know', async () => {
    const { routes } = await program.control('GET', '/_sim');
    expect(routes).toContainEqual(
      expect.objectContaining({ method: 'POST', path: '/_sim/clock/advance' }),
    );
    const call = (method: string, path: string, body?: string) =>
      raw(method, path, body === undefined ? {} : { body });
    const faults = (body: string) => call('PUT', '/_sim/faults', body);
    expect((await faults('{"rules":[{"fault":"sometimes"}]}')).status).toBe(400);
    expect((await faults('{"rules":[],"mood":"500"}')).body.error?.['param']).toBe('mood');
    expect((await faults('none')).status).toBe(400);
    expect((await call('PUT', '/_sim/accounts/acct_x/settings', '{}')).status).toBe(404);
    expect((await call('POST', '/_sim/unknown')).status).toBe(404);
  });

  it('show all objects for an independent check', async () => {
    const { accounts } = (await program.control('GET', '/_sim/objects')) as {
      accounts: Record<string, unknown[]>[];
    };
    expect(accounts[0]?.['cards']?.length).toBeGreaterThan(0);
    expect(accounts[0]?.['authorizations']?.[0]).toMatchObject({ object: 'issuing.authorization' });
  });
});

describe('ids', () => {
  it('are the same for the same seed and order', async () => {
    const idsOf = async (seed: number) => {
      const other = await startProgram({ seed });
      try {
        const card = await other.card();
        return [other.simulator.platformAccount, card.id, card.cardholder.id, card.last4];
      } finally {
        await other.close();
      }
    };
    const [first, second, third] = [await idsOf(7), await idsOf(7), await idsOf(8)];
    expect(second).toEqual(first);
    expect(third).not.toEqual(first);
  });
});
