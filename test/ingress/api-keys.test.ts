/** Keys that a command made: what they may do, when they end, and what is kept of them. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
} from '../../src/adapters/postgres/api-key-store.ts';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import type { ApiScope } from '../../src/domain/api-scopes.ts';
import { apiKeyHash, newApiKeyToken } from '../../src/platform/api-key-token.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeCardWorkflows } from './fake-card-workflows.ts';
import {
  API_KEY,
  buildTestApp,
  client,
  ingressUnderTest,
  portsOver,
} from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();
const ACT = { actor: 'command:tester', by: null, reason: null, requestId: null };
let tenantId = '';
beforeAll(async () => {
  tenantId = await platformTenant(ingress);
});

let made = 0;
async function newKey(scope: ApiScope) {
  const token = newApiKeyToken();
  made += 1;
  const draft = { name: `key-${made}`, scope, hash: apiKeyHash(token) };
  const key = await createApiKey(ingress.ownerSql, draft, ACT);
  if (key === undefined) throw new Error('the name is new');
  return { token, ...key };
}

const account = () => ({ tenantId, customerRef: 'keys', currency: 'usd' });

describe('a key', () => {
  it.each([
    ['read', { read: 200, operate: 403, admin: 403 }],
    ['operate', { read: 200, operate: 201, admin: 403 }],
    ['admin', { read: 200, operate: 201, admin: 200 }],
  ] as const)('with the scope %s may do that and what is below', async (scope, expected) => {
    const { token: apiKey } = await newKey(scope);
    const read = await ingress.get('/v1/events', { apiKey });
    const operate = await ingress.post('/v1/accounts', account(), { apiKey });
    const admin = await ingress.put(`/v1/tenants/${tenantId}/controls`, {}, { apiKey });
    const settings = await ingress.post(`/v1/tenants/${tenantId}`, { name: 'P' }, { apiKey });
    expect({ read: read.status, operate: operate.status, admin: admin.status }).toEqual(expected);
    expect(settings.status).toBe(expected.admin);
    if (expected.operate === 403) {
      expect(operate.body.error).toMatchObject({
        code: 'SCOPE_MISSING',
        details: { needed: 'operate', scope },
      });
    }
  });

  it('is refused from the moment of its revocation', async () => {
    const { token: apiKey, id } = await newKey('operate');
    expect((await ingress.get('/v1/cards', { apiKey })).status).toBe(200);
    await revokeApiKey(ingress.ownerSql, id, ACT);
    const answer = await ingress.get('/v1/cards', { apiKey });
    expect([answer.status, answer.body.error?.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(await revokeApiKey(ingress.ownerSql, id, ACT)).toBeUndefined();
  });

  it('is kept as its hash, and its last use to the minute', async () => {
    const { token: apiKey, id } = await newKey('read');
    const useOf = async () =>
      (await listApiKeys(ingress.sql)).find((key) => key.id === id)?.lastUsedAt ?? null;
    expect(await useOf()).toBeNull();
    await ingress.get('/v1/cards', { apiKey });
    await eventually(async () => (await useOf()) !== null);
    expect((await useOf())?.getTime()).toSatisfy((ms: number) => ms % 60_000 === 0);
    const rows = await ingress.sql<{ row: string }[]>`select api_keys::text as row from api_keys`;
    expect(rows.map(({ row }) => row).join()).not.toContain(apiKey.slice(4));
  });

  it('names whoever did something by hand', async () => {
    const { token: apiKey, name } = await newKey('operate');
    const [row] = await ingress.sql<{ id: string }[]>`
      insert into attention_items (item_id, tenant_id, kind, subject)
      values ('att_byhand', ${tenantId}, 'forced_capture', 'ipi_byhand') returning item_id as id`;
    const body = { reason: 'known shop', by: 'j.doe' };
    await ingress.post(`/v1/attention/${row?.id}/resolve`, body, { apiKey });
    const log = await ingress.get('/v1/audit-log?subject=att_byhand', { apiKey });
    expect(log.body.data).toMatchObject([{ actor: `api-key:${name}`, details: { by: 'j.doe' } }]);
  });

  it('has a name of its own while it is in use, and its making and end are in the audit log', async () => {
    const first = await newKey('read');
    const again = { name: first.name, scope: 'admin', hash: apiKeyHash(newApiKeyToken()) } as const;
    expect(await createApiKey(ingress.ownerSql, again, ACT)).toBeUndefined();
    await revokeApiKey(ingress.ownerSql, first.id, ACT);
    expect(await createApiKey(ingress.ownerSql, again, ACT)).toMatchObject({ scope: 'admin' });
    const log = await ingress.get(`/v1/audit-log?subject=${first.id}`);
    expect(log.body.data?.map((entry) => [entry['action'], entry['actor']])).toEqual([
      ['api_key.revoked', 'command:tester'],
      ['api_key.created', 'command:tester'],
    ]);
  });

  it('can be made and revoked by no process', async () => {
    const { id } = await newKey('read');
    const hash = apiKeyHash(newApiKeyToken());
    const draft = { name: 'own', scope: 'admin', hash } as const;
    await expect(createApiKey(ingress.sql, draft, ACT)).rejects.toThrow('permission denied');
    await expect(revokeApiKey(ingress.sql, id, ACT)).rejects.toThrow('permission denied');
    await expect(
      ingress.sql`update api_keys set scope = 'admin' where api_key_id = ${id}`,
    ).rejects.toThrow('permission denied');
  });
});

it('a key that looks like one is no key, and an outage is no refusal', async () => {
  expect((await ingress.get('/v1/cards', { apiKey: newApiKeyToken() })).status).toBe(401);
  const away = createSql({
    url: 'postgres://issuing_app:x@127.0.0.1:1/issuing',
    poolSize: 1,
    name: 'away',
  });
  const app = await buildTestApp(portsOver(away, createFakeCardWorkflows()));
  const answer = await client(app).get('/v1/cards', { apiKey: newApiKeyToken() });
  expect([answer.status, answer.body.error?.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
  await app.close();
  await away.end();
});

it('changes nothing on any route with a key that may only read, and no tenant with one that may operate', async () => {
  const { body } = await ingress.get('/openapi.json');
  const paths = Object.entries(body['paths'] as Record<string, Record<string, unknown>>);
  const routes = paths
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== 'get')
        .map((method) => ({ method: method.toUpperCase() as 'POST', path })),
    );
  expect(routes.length).toBeGreaterThanOrEqual(30);
  const statusWith = async (apiKey: string, { method, path }: (typeof routes)[number]) => {
    const url = path.replace('{id}', tenantId).replace('{entryId}', '1');
    const headers = { authorization: `Bearer ${apiKey}`, 'idempotency-key': randomUUID() };
    return (await ingress.inject({ method, url, headers })).status;
  };
  const [reader, operator] = [await newKey('read'), await newKey('operate')];
  for (const route of routes) {
    const isOfTenants = route.path.startsWith('/v1/tenants');
    expect([route.path, await statusWith(reader.token, route)]).toEqual([route.path, 403]);
    const operated = (await statusWith(operator.token, route)) === 403;
    expect([route.path, operated]).toEqual([route.path, isOfTenants]);
  }
});

it('every route says in the document which scope it needs', async () => {
  const { body } = await ingress.get('/openapi.json', { apiKey: API_KEY });
  const paths = body['paths'] as Record<string, Record<string, { security?: unknown }>>;
  const needed = (path: string, method: string) => paths[path]?.[method]?.security;
  expect(needed('/v1/cards', 'get')).toEqual([{ apiKey: ['read'] }]);
  expect(needed('/v1/cards', 'post')).toEqual([{ apiKey: ['operate'] }]);
  expect(needed('/v1/tenants', 'post')).toEqual([{ apiKey: ['admin'] }]);
  expect(needed('/v1/tenants/{id}/controls', 'put')).toEqual([{ apiKey: ['admin'] }]);
  expect(needed('/v1/accounts/{id}/controls', 'put')).toEqual([{ apiKey: ['operate'] }]);
  expect(needed('/v1/audit-log', 'get')).toEqual([{ apiKey: ['read'] }]);
});
