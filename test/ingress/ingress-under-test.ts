/** The ingress on a real database, with card workflows in memory, driven by `inject`. */
import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll } from 'vitest';
import { createApiKeys } from '../../src/adapters/postgres/api-key-store.ts';
import { createChangeFeed } from '../../src/adapters/postgres/change-feed.ts';
import { isDatabaseOutage } from '../../src/adapters/postgres/database-outage.ts';
import { createAnswers } from '../../src/adapters/postgres/idempotency-store.ts';
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createRecords } from '../../src/adapters/postgres/records.ts';
import { buildApp } from '../../src/apps/ingress/app.ts';
import type { App, IngressOptions, IngressPorts } from '../../src/apps/ingress/ingress-ports.ts';
import { KYC_PROVIDERS } from '../../src/domain/kyc-providers.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createFakeCardWorkflows, type FakeCardWorkflows } from './fake-card-workflows.ts';

export const API_KEY = 'test-key-one';
export const SECOND_API_KEY = 'test-key-two';
export const WEBHOOK_SECRETS = ['whsec_new', 'whsec_old'] as const;

export const KYC_SECRETS = ['callback-new', 'callback-old'] as const;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Answers are read field by field in the tests; a missing field fails the expectation. */
type Json = Record<string, unknown> & {
  readonly id?: string;
  readonly data?: Json[];
  readonly error?: { code: string; message: string; details?: Json };
};

interface Call {
  readonly key?: string | null;
  readonly apiKey?: string | null;
}

export interface IngressUnderTest {
  readonly app: App;
  readonly sql: Sql;
  /** Connects as the owner of the schema. */
  readonly ownerSql: Sql;
  readonly workflows: FakeCardWorkflows;
  post(url: string, body?: unknown, call?: Call): Promise<Answer>;
  put(url: string, body: unknown, call?: Call): Promise<Answer>;
  get(url: string, call?: Call): Promise<Answer>;
  inject(options: InjectOptions): Promise<Answer>;
}

/** Ports over a real database; `overrides` replace single ones. */
export function portsOver(sql: Sql, workflows: FakeCardWorkflows): IngressPorts {
  return {
    records: createRecords(sql),
    answers: createAnswers(sql),
    events: createEventIntake(sql),
    changes: createChangeFeed(sql),
    apiKeys: createApiKeys(sql),
    workflows,
    clock: systemClock(),
    kycProviders: KYC_PROVIDERS,
    ping: async () => {
      await sql`select 1`;
    },
    isOutage: isDatabaseOutage,
  };
}

export const buildTestApp = (
  ports: IngressPorts,
  endpoint: Partial<Pick<IngressOptions, 'webhookSecrets' | 'livemode'>> = {},
): Promise<App> =>
  buildApp({
    ports,
    apiKeys: [API_KEY, SECOND_API_KEY],
    webhookSecrets: WEBHOOK_SECRETS.map((secret) => ({ signs: 'any', secret })),
    livemode: false,
    ...endpoint,
    kycCallbackSecrets: KYC_SECRETS,
    logger: createLogger({ name: 'ingress', level: 'silent' }),
    metrics: createMetrics('ingress'),
  });

export function client(app: App): Pick<IngressUnderTest, 'post' | 'put' | 'get' | 'inject'> {
  const inject = async (options: InjectOptions): Promise<Answer> => {
    const response = await app.inject(options);
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      body: isJson ? (JSON.parse(response.body) as Json) : {},
      headers: response.headers,
    };
  };
  const headers = ({ key, apiKey = API_KEY }: Call): Record<string, string> => ({
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    ...(key === null || key === undefined ? {} : { 'idempotency-key': key }),
  });
  const write =
    (method: 'POST' | 'PUT') =>
    (url: string, body: unknown = {}, call: Call = {}): Promise<Answer> => {
      const key = call.key === undefined ? randomUUID() : call.key;
      return inject({
        method,
        url,
        headers: headers({ ...call, key }),
        payload: body as Record<string, unknown>,
      });
    };
  return {
    inject,
    get: (url, call = {}) => inject({ method: 'GET', url, headers: headers(call) }),
    post: write('POST'),
    put: write('PUT'),
  };
}

/** One database and one app for the tests of a file. */
export function ingressUnderTest(): IngressUnderTest {
  const state: { value?: IngressUnderTest; database?: TestDatabase } = {};
  beforeAll(async () => {
    const database = await createTestDatabase();
    const sql = createSql({ url: database.appUrl, poolSize: 5, name: 'ingress-test' });
    const workflows = createFakeCardWorkflows();
    const app = await buildTestApp(portsOver(sql, workflows));
    state.database = database;
    // Connects when a test asks something of it.
    const ownerSql = createSql({ url: database.ownerUrl, poolSize: 1, name: 'ingress-owner' });
    state.value = { app, sql, ownerSql, workflows, ...client(app) };
  });
  afterAll(async () => {
    await state.value?.app.close();
    await state.value?.sql.end();
    await state.value?.ownerSql.end();
    await state.database?.drop();
  });
  const current = (): IngressUnderTest => {
    if (state.value === undefined) throw new Error('used before the hooks ran');
    return state.value;
  };
  return {
    get app() {
      return current().app;
    },
    get sql() {
      return current().sql;
    },
    get ownerSql() {
      return current().ownerSql;
    },
    get workflows() {
      return current().workflows;
    },
    post: (url, body, call) => current().post(url, body, call),
    put: (url, body, call) => current().put(url, body, call),
    get: (url, call) => current().get(url, call),
    inject: (options) => current().inject(options),
  };
}
