/**
 * Every environment variable of the product, and the only file that reads them. One function a process;
 * each throws a ConfigError that names all wrong variables before the process listens on anything.
 * `.env.example` lists the same variables; a test holds both together.
 */
import { type Environment, type Reader, readConfig } from './config-reader.ts';
import type { TracingConfig } from './tracing.ts';

export type { Environment } from './config-reader.ts';

/** The environment of this process. */
export const processEnvironment = (): Environment => process.env;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Set by the local stack only: shifts the clock of all processes, in milliseconds. */
const clockOffset = (read: Reader): number =>
  read.integer('CLOCK_OFFSET_MS', {
    fallback: 0,
    min: 0,
    max: 10 * 365 * 24 * 3_600_000,
    unit: 'milliseconds',
  });

const common = (read: Reader) => ({
  logLevel: read.choice('LOG_LEVEL', { fallback: 'info', choices: LOG_LEVELS }),
  host: read.text('HOST', { fallback: '127.0.0.1', example: '0.0.0.0' }),
  clockOffsetMs: clockOffset(read),
});

const port = (read: Reader, name: string, fallback: number): number =>
  read.integer(name, { fallback, min: 0, max: 65_535, unit: 'a TCP port' });

const postgresUrl = (read: Reader, name: string, role: 'issuing_app' | 'issuing_owner'): string =>
  read.url(name, {
    protocols: ['postgres:', 'postgresql:'],
    example: `postgres://${role}:secret@127.0.0.1:5432/issuing`,
  });

const database = (read: Reader, poolFallback: number) => ({
  /** Connects as the processes' role, which owns nothing. */
  url: postgresUrl(read, 'DATABASE_URL', 'issuing_app'),
  poolSize: read.integer('DATABASE_POOL_SIZE', {
    fallback: poolFallback,
    min: 1,
    max: 200,
    unit: 'connections',
  }),
});

const temporal = (read: Reader) => ({
  /** TLS, API keys and mTLS files come from the standard TEMPORAL_* variables (@temporalio/envconfig). */
  address: read.text('TEMPORAL_ADDRESS', { fallback: '127.0.0.1:7233', example: '127.0.0.1:7233' }),
  namespace: read.text('TEMPORAL_NAMESPACE', { fallback: 'default', example: 'default' }),
});

/** Whether this installation moves real money. What Stripe signs and the keys that we call it with have to agree. */
const livemode = (read: Reader): boolean =>
  read.choice('STRIPE_LIVEMODE', { fallback: 'false', choices: ['true', 'false'] }) === 'true';

/** A key of the other mode would answer about other objects than those of our events. */
function stripeKey(read: Reader): string {
  const key = read.text('STRIPE_SECRET_KEY', {
    example: 'sk_test_...',
    startsWith: ['sk_', 'rk_'],
  });
  const isLive = livemode(read);
  const mode = /^[sr]k_(live|test)_/.exec(key)?.[1];
  if (mode !== undefined && (mode === 'live') !== isLive) {
    read.problem(`STRIPE_SECRET_KEY is a ${mode} key, but STRIPE_LIVEMODE is ${String(isLive)}`);
  }
  return key;
}

const stripe = (read: Reader) => ({
  /** A secret key, or a restricted one with the rights to Issuing and Identity. */
  secretKey: stripeKey(read),
  /** Where the Stripe API is; set it to the simulator's address to work offline. */
  apiBase: read.url('STRIPE_API_BASE', {
    fallback: 'https://api.stripe.com',
    protocols: ['http:', 'https:'],
    example: 'http://127.0.0.1:12111',
  }),
});

/** The signing secret of a webhook endpoint, and whose events it signs: our own account's, those of others, or both. */
export interface EndpointSecret {
  readonly signs: 'any' | 'platform' | 'connect';
  readonly secret: string;
}

/** Each endpoint has a secret of its own; a key or an id in its place would refuse every event. */
function webhookSecretEntries(read: Reader): readonly string[] {
  const name = 'STRIPE_WEBHOOK_SECRETS';
  const entries = read.list(name, {
    example: 'platform=whsec_...,connect=whsec_...',
    startsWith: ['whsec_', 'platform=whsec_', 'connect=whsec_'],
  });
  // The first entry would decide what the secret signs, and refuse what the second allows.
  const secrets = entries.map((entry) => endpointSecretOf(entry).secret);
  if (new Set(secrets).size < secrets.length) read.problem(`${name} has the same secret twice`);
  return entries;
}

function endpointSecretOf(entry: string): EndpointSecret {
  const [, signs = 'any', secret = entry] = /^(platform|connect)=(.*)$/.exec(entry) ?? [];
  return { signs: signs as EndpointSecret['signs'], secret };
}

/** The address of a KYC provider of one's own. Null without it, and then its secret must be missing too. */
function kycProviderUrl(read: Reader, hasSecret: boolean): string | null {
  const isNamed = read.optionalText('KYC_PROVIDER_URL') !== undefined;
  if (!isNamed && !hasSecret) return null;
  const protocols = ['http:', 'https:'];
  return read.url('KYC_PROVIDER_URL', { protocols, example: 'https://kyc.example.com/v1' });
}

/** The secrets sign its callbacks; several while one is being rolled, none for a provider that is only polled. */
function kycCallbacks(read: Reader): { readonly secrets: readonly string[] } | null {
  const example = 'a-long-random-text';
  const secrets = read.list('KYC_CALLBACK_SECRETS', { fallback: [], example });
  return kycProviderUrl(read, secrets.length > 0) === null ? null : { secrets };
}

/** The secret signs our requests. */
function kycProvider(read: Reader): { readonly url: string; readonly secret: string } | null {
  const secret = read.optionalText('KYC_PROVIDER_SECRET');
  const url = kycProviderUrl(read, secret !== undefined);
  if (url !== null && secret === undefined) {
    read.problem('KYC_PROVIDER_SECRET is not set, but KYC_PROVIDER_URL is');
  }
  return url === null ? null : { url, secret: secret ?? '' };
}

/** Calls by which a process reads Stripe's lists; all others have what is left of Stripe's 25 a second in test mode. */
const upkeep = (read: Reader) => ({
  callsPerS: read.integer('CATCH_UP_CALLS_PER_S', {
    fallback: 10,
    min: 1,
    max: 100,
    unit: 'calls a second',
  }),
});

export const ingressConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ...common(read),
    port: port(read, 'INGRESS_PORT', 3000),
    database: database(read, 10),
    temporal: temporal(read),
    /** Beside those that `npm run api-keys` makes. */
    apiKeys: read.list('API_KEYS', { fallback: [], example: 'a-long-random-text' }),
    webhookSecrets: webhookSecretEntries(read).map(endpointSecretOf),
    livemode: livemode(read),
    kyc: kycCallbacks(read),
  }));

/**
 * Stripe lists events for 30 days. Even at the end of an outage as long as that list, what we compare with it reaches back
 * another 30: an event that was dropped by then would be taken for missing, and be stored and applied anew.
 */
const EVENT_RETENTION_DAYS_MIN = 65;

export const relayConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ...common(read),
    port: port(read, 'RELAY_PORT', 3003),
    database: database(read, 6),
    temporal: temporal(read),
    stripe: stripe(read),
    eventRetentionDays: read.integer('EVENT_RETENTION_DAYS', {
      fallback: 180,
      min: EVENT_RETENTION_DAYS_MIN,
      max: 3_650,
      unit: 'days',
    }),
    upkeep: {
      ...upkeep(read),
      /** How often Stripe's list of events is read. */
      catchUpIntervalMs: read.integer('CATCH_UP_INTERVAL_MS', {
        fallback: 10 * 60_000,
        min: 1_000,
        max: 24 * 3_600_000,
        unit: 'milliseconds',
      }),
    },
    digestIntervalMs: read.integer('DIGEST_INTERVAL_MS', {
      fallback: 15 * 60_000,
      min: 0,
      max: 24 * 3_600_000,
      unit: 'milliseconds',
    }),
  }));

export const workerConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ...common(read),
    port: port(read, 'WORKER_PORT', 3002),
    database: database(read, 10),
    temporal: temporal(read),
    stripe: stripe(read),
    upkeep: upkeep(read),
    kyc: kycProvider(read),
    /** A bundle made by `npm run build`; without it the workflows are bundled at start. */
    workflowBundle: read.optionalText('WORKFLOW_BUNDLE'),
    maxCachedWorkflows: read.integer('MAX_CACHED_WORKFLOWS', {
      fallback: 600,
      min: 10,
      max: 100_000,
      unit: 'workflows',
    }),
  }));

/** A signing secret, and the Stripe accounts whose requests it may sign (`platform` for our own). */
export interface BoundSecret {
  readonly account: string;
  readonly secret: string;
}

export const authorizerConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ...common(read),
    port: port(read, 'AUTHORIZER_PORT', 3001),
    database: database(read, 4),
    signingSecrets: boundSecrets(read),
    /** Requests decided by one call of Postgres: enough to empty a burst, few enough to stay within the budget. */
    decisionsPerCallMax: read.integer('DECISIONS_PER_CALL_MAX', {
      fallback: 200,
      min: 1,
      max: 1_000,
      unit: 'requests',
    }),
    tracing: tracing(read, 'issuing-authorizer'),
  }));

function boundSecrets(read: Reader): readonly BoundSecret[] {
  const name = 'AUTHORIZER_SIGNING_SECRETS';
  const example = 'platform=whsec_...,acct_123=whsec_...';
  return read.list(name, { example }).flatMap((entry) => {
    const [account, secret] = entry.split('=', 2).map((part) => part.trim());
    if (account && secret?.startsWith('whsec_')) return [{ account, secret }];
    read.problem(`${name} has an entry that is not of the form ${example}`);
    return [];
  });
}

/** The names are OpenTelemetry's own. Null without an endpoint: then there are no traces. */
function tracing(read: Reader, processName: string): TracingConfig | null {
  const serviceName = read.text('OTEL_SERVICE_NAME', {
    fallback: processName,
    example: processName,
  });
  const share = sampledShare(read);
  const url = tracesUrl(read);
  return url === null ? null : { url, serviceName, share };
}

function tracesUrl(read: Reader): string | null {
  const whole = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const base = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const protocols = ['http:', 'https:'];
  if (read.optionalText(whole) !== undefined) {
    return read.url(whole, { protocols, example: 'http://127.0.0.1:4318/v1/traces' });
  }
  if (read.optionalText(base) === undefined) return null;
  const url = read.url(base, { protocols, example: 'http://127.0.0.1:4318' });
  return `${url.replace(/\/$/, '')}/v1/traces`;
}

function sampledShare(read: Reader): number {
  const sampler = read.choice('OTEL_TRACES_SAMPLER', {
    fallback: 'parentbased_always_on',
    choices: ['parentbased_always_on', 'parentbased_traceidratio'],
  });
  const share = Number(read.optionalText('OTEL_TRACES_SAMPLER_ARG') ?? 1);
  if (!(share >= 0 && share <= 1)) {
    read.problem('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, for example 0.1');
  }
  return sampler === 'parentbased_always_on' ? 1 : share;
}

export const migrateConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ...common(read),
    /** Connects as the owner of the schema; only migrations use it. */
    ownerUrl: postgresUrl(read, 'DATABASE_OWNER_URL', 'issuing_owner'),
    /** Password given to the processes' role when it is created; without it the role cannot log in by password. */
    appPassword: read.optionalText('DATABASE_APP_PASSWORD'),
  }));

/** Without an address the database of the local stack is meant. */
export const ledgerVerifyConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    /** Any role that may read will do. */
    databaseUrl:
      read.optionalText('DATABASE_URL') === undefined
        ? undefined
        : postgresUrl(read, 'DATABASE_URL', 'issuing_app'),
    clockOffsetMs: clockOffset(read),
  }));

/** Without an address the database of the local stack is meant. */
export const attentionConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    databaseUrl:
      read.optionalText('DATABASE_URL') === undefined
        ? undefined
        : postgresUrl(read, 'DATABASE_URL', 'issuing_app'),
  }));

/** Without an address the database of the local stack is meant. */
export const ownerDatabaseConfig = (env: Environment) =>
  readConfig(env, (read) => ({
    ownerUrl:
      read.optionalText('DATABASE_OWNER_URL') === undefined
        ? undefined
        : postgresUrl(read, 'DATABASE_OWNER_URL', 'issuing_owner'),
  }));

/** Undefined without addresses: then the local stack is meant. Half of them would join what does not belong together. */
export const workflowsRestoreConfig = (env: Environment) =>
  readConfig(env, (read) => {
    const names = ['DATABASE_URL', 'TEMPORAL_ADDRESS'];
    const given = names.filter((name) => read.optionalText(name) !== undefined);
    if (given.length === 0) return undefined;
    if (given.length < names.length) {
      read.problem(`${given[0]} is set alone; set both of ${names.join(' and ')}, or neither`);
    }
    return {
      databaseUrl: postgresUrl(read, 'DATABASE_URL', 'issuing_app'),
      temporal: temporal(read),
    };
  });

/** Without settings the local stack is meant. Half of them would compare what does not belong together. */
export const comparisonConfig = (env: Environment) =>
  readConfig(env, (read) => {
    const names = ['DATABASE_URL', 'STRIPE_SECRET_KEY'];
    const given = names.filter((name) => read.optionalText(name) !== undefined);
    if (given.length > 0 && given.length < names.length) {
      read.problem(`${given[0]} is set alone; set both of ${names.join(' and ')}, or neither`);
    }
    return {
      ...upkeep(read),
      given:
        given.length === 0
          ? undefined
          : { databaseUrl: postgresUrl(read, 'DATABASE_URL', 'issuing_app'), stripe: stripe(read) },
    };
  });

/** What the local stack takes from outside instead of bringing its own. Unset parts are embedded. */
export const localStackConfig = (env: Environment) =>
  readConfig(env, (read) => {
    const databaseUrl = read.optionalText('DATABASE_URL');
    const stripeSecretKey = read.optionalText('STRIPE_SECRET_KEY');
    return {
      ...common(read),
      database: databaseUrl === undefined ? undefined : externalDatabase(read),
      temporal: read.optionalText('TEMPORAL_ADDRESS') === undefined ? undefined : temporal(read),
      stripe: stripeSecretKey === undefined ? undefined : externalStripe(read),
      apiKeys: read.list('API_KEYS', { fallback: [], example: 'a-long-random-text' }),
      temporalCli: read.optionalText('TEMPORAL_CLI'),
      temporalTestServer: read.optionalText('TEMPORAL_TEST_SERVER'),
      cacheDir: read.optionalText('ISSUING_CACHE_DIR'),
    };
  });

/** The local stack migrates a given database too, so it needs the owner's address. */
const externalDatabase = (read: Reader) => ({
  url: postgresUrl(read, 'DATABASE_URL', 'issuing_app'),
  ownerUrl: postgresUrl(read, 'DATABASE_OWNER_URL', 'issuing_owner'),
  appPassword: read.optionalText('DATABASE_APP_PASSWORD'),
});

/** Endpoints of a real Stripe account are made by a person, so their secrets have to be given. */
const externalStripe = (read: Reader) => ({
  ...stripe(read),
  /** Entries as they were given. */
  webhookSecrets: webhookSecretEntries(read),
  signingSecrets: boundSecrets(read),
});

export type IngressConfig = ReturnType<typeof ingressConfig>;
export type RelayConfig = ReturnType<typeof relayConfig>;
export type WorkerConfig = ReturnType<typeof workerConfig>;
export type AuthorizerConfig = ReturnType<typeof authorizerConfig>;
