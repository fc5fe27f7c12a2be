import { Compile } from 'typebox/schema';
import { beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ingressUnderTest } from './ingress-under-test.ts';

type Node = Record<string, unknown>;
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly security?: unknown[];
  readonly parameters?: { name: string; in: string; required?: boolean; schema?: Node }[];
  readonly requestBody?: { content: Record<string, { schema: Node }> };
  readonly responses?: Record<
    string,
    { description: string; content?: Record<string, { schema: Node }> }
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: Node;
  readonly tags: { name: string }[];
  readonly components: { securitySchemes: Node };
  readonly paths: Record<string, Record<string, Operation>>;
}

const ingress = ingressUnderTest();
let document: Document;
let operations: { path: string; method: string; operation: Operation }[] = [];
beforeAll(async () => {
  document = (await ingress.get('/openapi.json')).body as unknown as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
});

/** Examples of a body, wherever the document keeps them, and the check of its schema. */
function bodyExamples(media: { schema: Node; example?: unknown; examples?: Node }) {
  const compiled = Compile(media.schema);
  const inSchema = (media.schema['examples'] ?? []) as unknown[];
  const named = Object.values(media.examples ?? {});
  const given = [media.example, ...named, ...inSchema].filter((e) => e !== undefined);
  return { given, check: (example: unknown) => compiled.Check(example) };
}

describe('the OpenAPI document', () => {
  it('describes every route that the issue names', () => {
    const commands = [
      'decide-kyc',
      'retry-kyc',
      'retry-issuance',
      'correct-shipping',
      'confirm-delivery',
      'freeze',
      'unfreeze',
      'cancel',
      'replace',
    ];
    const expected = [
      'post /webhooks/kyc',
      'post /webhooks/stripe',
      'post /v1/tenants',
      'get /v1/tenants',
      'post /v1/accounts',
      'get /v1/accounts',
      'get /v1/accounts/{id}',
      'post /v1/accounts/{id}',
      ...['freeze', 'unfreeze', 'close', 'reopen', 'credits', 'debits', 'transfers'].map(
        (name) => `post /v1/accounts/{id}/${name}`,
      ),
      'post /v1/accounts/{id}/entries/{entryId}/reverse',
      ...['balance', 'entries', 'statement'].map((name) => `get /v1/accounts/{id}/${name}`),
      ...['cards', 'accounts', 'tenants'].flatMap((owner) =>
        ['get', 'put'].map((method) => `${method} /v1/${owner}/{id}/controls`),
      ),
      'post /v1/cardholders',
      'get /v1/cardholders',
      'get /v1/cardholders/{id}',
      'post /v1/cards',
      'get /v1/cards',
      'get /v1/cards/{id}',
      ...commands.map((c) => `post /v1/cards/{id}/${c}`),
      'get /v1/cards/{id}/timeline',
      'get /v1/cards/{id}/decisions',
      'get /v1/decisions/{id}',
      'get /v1/attention',
      'post /v1/attention/{id}/resolve',
      'get /v1/events',
      'get /v1/events/{id}',
      'post /v1/events/{id}/replay',
      'get /v1/audit-log',
      'get /healthz',
      'get /readyz',
    ];
    expect(operations.map((o) => `${o.method} ${o.path}`)).toEqual(
      expect.arrayContaining(expected),
    );
  });

  it('is complete: names, summaries, parameters, answers', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info['version']).toBe(manifest.version);
    const names = operations.map((o) => o.operation.operationId);
    expect(new Set(names).size).toBe(operations.length);
    const tags = document.tags.map((t) => t.name);
    const incomplete = operations.filter(({ path, operation }) => {
      const { operationId = '', summary = '', parameters = [], responses = {} } = operation;
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
      const declared = parameters.filter((p) => p.in === 'path').map((p) => p.name);
      return !(
        /^[a-z][A-Za-z]+$/.test(operationId) &&
        summary !== '' &&
        operation.tags?.every((t) => tags.includes(t)) &&
        declared.join() === inPath.join() &&
        Object.keys(responses).some((s) => s.startsWith('20'))
      );
    });
    expect(incomplete).toEqual([]);
  });

  it('asks for the API key under /v1, and for the Idempotency-Key on each write there', () => {
    expect(document.components.securitySchemes).toHaveProperty('apiKey');
    const asked = operations.map(({ path, method, operation }) => ({
      operation: `${method} ${path}`,
      security: operation.security,
      key: operation.parameters?.find((p) => p.name === 'idempotency-key')?.required,
    }));
    const expected = operations.map(({ path, method }) => {
      const isV1 = path.startsWith('/v1/');
      return {
        operation: `${method} ${path}`,
        security: isV1
          ? [{ apiKey: [expect.stringMatching(/^(read|operate|admin)$/)] }]
          : undefined,
        key: isV1 && method !== 'get' ? true : undefined,
      };
    });
    expect(asked).toEqual(expected);
  });

  it('gives every operation under /v1 the one error shape', () => {
    const without = operations.filter(({ path, operation }) =>
      ['4XX', '5XX'].some((status) => {
        const schema = operation.responses?.[status]?.content?.['application/json']?.schema;
        return path.startsWith('/v1/') && !Object.hasOwn(schema?.['properties'] ?? {}, 'error');
      }),
    );
    expect(without).toEqual([]);
  });

  it('has schemas that can be compiled, and examples of bodies that fit them', () => {
    const examples: { path: string; fits: boolean }[] = [];
    for (const { path, operation } of operations) {
      const answers = Object.values(operation.responses ?? {});
      for (const { schema } of answers.flatMap((a) => Object.values(a.content ?? {}))) {
        Compile(schema);
      }
      for (const media of Object.values(operation.requestBody?.content ?? {})) {
        const { check, given } = bodyExamples(media);
        examples.push(...given.map((example) => ({ path, fits: check(example) })));
      }
    }
    expect(examples.length).toBeGreaterThanOrEqual(8);
    expect(examples.filter((e) => !e.fits)).toEqual([]);
  });

  it('can be browsed at /docs', async () => {
    const page = await ingress.app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect((await ingress.app.inject('/docs')).statusCode).toBeLessThan(400);
    expect((await ingress.app.inject('/docs/json')).statusCode).toBe(200);
  });
});

describe('health', () => {
  it('is shown without an API key', async () => {
    expect((await ingress.get('/healthz', { apiKey: null })).body).toEqual({ status: 'ok' });
    expect((await ingress.get('/readyz', { apiKey: null })).body).toEqual({ ready: true });
  });
});
