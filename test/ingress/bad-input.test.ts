import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/apps/ingress/errors.ts';
import { API_KEY, ingressUnderTest, SECOND_API_KEY } from './ingress-under-test.ts';
import { newCardholder, newCustomer, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
let tenantId = '';
beforeEach(async () => {
  tenantId = await platformTenant(ingress);
});

describe('the API key', () => {
  it.each([
    ['missing', null],
    ['wrong', 'other'],
    ['cut short', API_KEY.slice(0, -1)],
    ['empty', ''],
  ])('is refused when it is %s', async (_what, apiKey) => {
    for (const answer of [
      await ingress.get('/v1/cards', { apiKey }),
      await ingress.post('/v1/tenants', { name: 'x' }, { apiKey }),
    ]) {
      expect(answer.status).toBe(401);
      expect(answer.body.error?.code).toBe('UNAUTHENTICATED');
    }
  });

  it('may be any of those configured', async () => {
    expect((await ingress.get('/v1/cards', { apiKey: SECOND_API_KEY })).status).toBe(200);
  });
});

describe('a body that does not fit', () => {
  it.each([
    ['an unknown field', { color: 'red' }, 'color'],
    ['a wrong type', { customerRef: 7 }, 'customerRef'],
    ['a number as text', { creditLimitMinor: '100' }, 'creditLimitMinor'],
    ['an unknown currency', { currency: 'xxq' }, 'currency'],
    ['a currency in capitals', { currency: 'USD' }, 'currency'],
    ['a negative limit', { creditLimitMinor: -1 }, 'creditLimitMinor'],
    ['an id of something else', { tenantId: 'acc_1' }, 'tenantId'],
  ])('is refused for %s, and nothing is made', async (_what, change, path) => {
    const counting = ingress.sql<{ n: number }[]>`select count(*) as n from accounts`;
    const [before] = await counting;
    const body = { tenantId, customerRef: 'bad', currency: 'usd', ...change };
    const answer = await ingress.post('/v1/accounts', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ in: 'body', path }] },
    });
    const [after] = await ingress.sql<{ n: number }[]>`select count(*) as n from accounts`;
    expect(after).toEqual(before);
  });

  it.each([-100, 0, 12.5, '100', null, 1e300, true])(
    'is refused for the amount %s',
    async (amountMinor) => {
      const { accountId } = await newCustomer(ingress);
      const answer = await ingress.post(`/v1/accounts/${accountId}/credits`, { amountMinor });
      expect(answer.status).toBe(400);
      expect(answer.body.error?.details).toMatchObject({ fields: [{ path: 'amountMinor' }] });
      const account = await ingress.get(`/v1/accounts/${accountId}`);
      expect(account.body['availableMinor']).toBe(0);
    },
  );

  it('is refused with every missing field named', async () => {
    const answer = await ingress.post('/v1/cards', {});
    const fields = answer.body.error?.details?.['fields'] as { path: string }[];
    expect(fields.map((f) => f.path).toSorted()).toEqual(['accountId', 'cardholderId', 'type']);
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['half of a surrogate pair', 'a\ud800b'],
  ])('is refused when a text holds %s, wherever it is', async (_what, text) => {
    const account = { tenantId, customerRef: text, currency: 'usd' };
    const holder = newCardholder('unstorable');
    const named = { ...holder, billing: { ...holder.billing, city: text } };
    for (const [url, body, path] of [
      ['/v1/accounts', account, 'customerRef'],
      ['/v1/cardholders', { tenantId, ...named }, 'billing.city'],
    ] as const) {
      const answer = await ingress.post(url, body);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({
        code: 'VALIDATION_FAILED',
        details: { fields: [{ in: 'body', path }] },
      });
    }
  });

  it('is taken with characters beyond the basic plane', async () => {
    const body = { tenantId, customerRef: 'smile \u{1f600}', currency: 'usd' };
    expect((await ingress.post('/v1/accounts', body)).status).toBe(201);
  });

  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';
  const large = `{"name":"${'x'.repeat(1_048_576)}"}`;
  it.each([
    { when: 'is no JSON', payload: '{"a":', type: json, answers: '400 INVALID_JSON' },
    { when: 'is not an object', payload: '[]', type: json, answers: '400 VALIDATION_FAILED' },
    {
      when: 'carries a prototype',
      payload: '{"__proto__":{}}',
      type: json,
      answers: '400 INVALID_JSON',
    },
    {
      when: 'is plain text',
      payload: '{"name":"x"}',
      type: 'text/plain',
      answers: '415 UNSUPPORTED_MEDIA_TYPE',
    },
    { when: 'is a form', payload: 'name=x', type: form, answers: '415 UNSUPPORTED_MEDIA_TYPE' },
    { when: 'is over 1 MB', payload: large, type: json, answers: '413 BODY_TOO_LARGE' },
  ])('is refused when it $when', async ({ payload, type, answers }) => {
    const answer = await ingress.inject({
      method: 'POST',
      url: '/v1/tenants',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'idempotency-key': crypto.randomUUID(),
        'content-type': type,
      },
      payload,
    });
    expect(`${answer.status} ${answer.body.error?.code}`).toBe(answers);
  });
});

describe('a query that does not fit', () => {
  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1.5', 'limit'],
    ['phase=unknown', 'phase'],
    ['sort=asc', 'sort'],
  ])('%s is refused', async (query, path) => {
    const answer = await ingress.get(`/v1/cards?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.details).toMatchObject({ fields: [{ in: 'query', path }] });
  });

  it('is refused when it holds NUL', async () => {
    const answer = await ingress.get('/v1/cardholders?customerRef=a%00b');
    expect(answer.status).toBe(400);
    expect(answer.body.error?.details).toMatchObject({
      fields: [{ in: 'query', path: 'customerRef' }],
    });
  });

  it.each(['cards', 'accounts', 'cardholders', 'tenants', 'attention', 'transactions'])(
    'a cursor of another list is refused by %s',
    async (list) => {
      const answer = await ingress.get(`/v1/${list}?after=dec_none`);
      expect(answer.status).toBe(400);
      expect(answer.body.error?.code).toBe('CURSOR_INVALID');
    },
  );
});

describe('what does not exist', () => {
  it.each([
    ['/v1/cards/card_none', 'CARD_NOT_FOUND'],
    ['/v1/cards/nonsense', 'CARD_NOT_FOUND'],
    ['/v1/cards/card_none/timeline', 'CARD_NOT_FOUND'],
    ['/v1/cards/card_none/decisions', 'CARD_NOT_FOUND'],
    ['/v1/accounts/acc_none', 'ACCOUNT_NOT_FOUND'],
    ['/v1/accounts/acc_none/balance?at=2026-11-01T00:00:00Z', 'ACCOUNT_NOT_FOUND'],
    ['/v1/accounts/acc_none/entries', 'ACCOUNT_NOT_FOUND'],
    [
      '/v1/accounts/acc_none/statement?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z',
      'ACCOUNT_NOT_FOUND',
    ],
    ['/v1/cardholders/chr_none', 'CARDHOLDER_NOT_FOUND'],
    ['/v1/authorizations/iauth_none', 'AUTHORIZATION_NOT_FOUND'],
    ['/v1/nothing', 'ROUTE_NOT_FOUND'],
  ])('%s is 404 %s', async (url, code) => {
    const answer = await ingress.get(url);
    expect(answer.status).toBe(404);
    expect(answer.body.error?.code).toBe(code);
  });

  it('an unknown account takes no credit', async () => {
    const answer = await ingress.post('/v1/accounts/acc_none/credits', { amountMinor: 1 });
    expect(answer.status).toBe(404);
    expect(answer.body.error?.code).toBe('ACCOUNT_NOT_FOUND');
  });
});

it('/ leads to the pages of the API', async () => {
  const answer = await ingress.get('/', { apiKey: null });
  expect(answer.status).toBe(302);
  expect(answer.headers['location']).toBe('/docs');
});

it('a path that cannot be decoded has the one error shape too', async () => {
  const address = await ingress.app.listen({ host: '127.0.0.1', port: 0 });
  const body = await new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const request = httpRequest({ hostname, port, path: '/v1/cards/%E0%A4%A' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end();
  });
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'BAD_REQUEST' } });
});

it('docs/api.md lists every code of the catalogue with its status', async () => {
  const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z0-9_]+)` \| (\d{3}) \| (yes|no) \|/gm)];
  const listed = rows.map(([, code, status, retry]) => `${code} ${status} ${retry}`);
  const catalogue = Object.entries(ERRORS).map(
    ([code, row]) => `${code} ${row.status} ${row.retryable ? 'yes' : 'no'}`,
  );
  expect(listed.toSorted()).toEqual(catalogue.toSorted());
});
