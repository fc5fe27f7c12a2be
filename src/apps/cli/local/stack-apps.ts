/** What each of our processes is started with: exactly the settings it reads, and no other process' secrets. */
import type { Environment } from '../../../platform/config-reader.ts';
import { withoutTemporal } from './temporal-server.ts';

export const APP_NAMES = ['ingress', 'relay', 'authorizer', 'worker'] as const;
export type AppName = (typeof APP_NAMES)[number];

/** Everything the processes have to know of one another. */
export interface Wiring {
  readonly host: string;
  readonly ports: Readonly<Record<AppName, number>>;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  /** False when the Temporal server was given from outside: then its TEMPORAL_* settings apply. */
  readonly isTemporalEmbedded: boolean;
  readonly stripeKey: string;
  readonly stripeApiBase: string;
  readonly apiKeys: readonly string[];
  readonly webhookSecrets: readonly string[];
  /** Entries of the form `account=secret`. */
  readonly signingSecrets: readonly string[];
}

/** Settings that some process reads; none is passed on to a process that does not. */
const PRODUCT_VARIABLES = [
  'API_KEYS',
  'AUTHORIZER_SIGNING_SECRETS',
  'DATABASE_APP_PASSWORD',
  'DATABASE_OWNER_URL',
  'DATABASE_URL',
  'KYC_CALLBACK_SECRETS',
  'KYC_PROVIDER_SECRET',
  'KYC_PROVIDER_URL',
  'STRIPE_API_BASE',
  'STRIPE_LIVEMODE',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRETS',
];

/** The environment without the product's secrets, and with the loopback address exempt from any proxy. */
export function plainEnvironment(env: Environment): Environment {
  const kept = Object.entries(env).filter(([name]) => !PRODUCT_VARIABLES.includes(name));
  const noProxy = [env['NO_PROXY'] ?? env['no_proxy'], '127.0.0.1', 'localhost']
    .filter(Boolean)
    .join(',');
  return { ...Object.fromEntries(kept), NO_PROXY: noProxy, no_proxy: noProxy };
}

export function appEnvironment(app: AppName, env: Environment, wiring: Wiring): Environment {
  const plain = plainEnvironment(env);
  const base = {
    ...(wiring.isTemporalEmbedded || app === 'authorizer' ? withoutTemporal(plain) : plain),
    HOST: wiring.host,
    [`${app.toUpperCase()}_PORT`]: String(wiring.ports[app]),
    DATABASE_URL: wiring.databaseUrl,
  };
  const temporal = {
    TEMPORAL_ADDRESS: wiring.temporalAddress,
    TEMPORAL_NAMESPACE: wiring.temporalNamespace,
    // A profile in the user's home may name another cluster.
    ...(wiring.isTemporalEmbedded ? { TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' } : {}),
  };
  // The given key says so, and the simulator's is one of test mode whatever the environment holds.
  const mode = { STRIPE_LIVEMODE: String(/^[sr]k_live_/.test(wiring.stripeKey)) };
  const stripe = {
    ...mode,
    STRIPE_SECRET_KEY: wiring.stripeKey,
    STRIPE_API_BASE: wiring.stripeApiBase,
  };
  switch (app) {
    case 'ingress':
      return {
        ...base,
        ...temporal,
        ...mode,
        API_KEYS: wiring.apiKeys.join(','),
        STRIPE_WEBHOOK_SECRETS: wiring.webhookSecrets.join(','),
        ...picked(env, ['KYC_PROVIDER_URL', 'KYC_CALLBACK_SECRETS']),
      };
    case 'relay':
      return { ...base, ...temporal, ...stripe };
    case 'worker':
      return {
        ...base,
        ...temporal,
        ...stripe,
        ...picked(env, ['KYC_PROVIDER_URL', 'KYC_PROVIDER_SECRET']),
      };
    case 'authorizer':
      return { ...base, AUTHORIZER_SIGNING_SECRETS: wiring.signingSecrets.join(',') };
  }
}

/** An external KYC provider is there only when somebody names one. */
const picked = (env: Environment, names: readonly string[]): Environment =>
  Object.fromEntries(names.map((name) => [name, env[name]]));
