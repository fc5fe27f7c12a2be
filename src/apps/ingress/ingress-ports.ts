/** What the ingress needs from outside; main.ts hands in the real things, tests their own. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { KycProviderName } from '../../domain/kyc-providers.ts';
import type { EndpointSecret } from '../../platform/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { MetricsRegistry } from '../../platform/metrics.ts';
import type { Answers } from '../../ports/answers.ts';
import type { ApiKeys } from '../../ports/api-keys.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { ChangeFeed } from '../../ports/changes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventIntake } from '../../ports/event-intake.ts';
import type { Records } from '../../ports/records.ts';

export interface IngressPorts {
  /** Reads, outside any transaction. */
  readonly records: Records;
  /** Writes, each with its answer in one transaction. */
  readonly answers: Answers;
  readonly events: EventIntake;
  readonly changes: ChangeFeed;
  /** Keys that were made by a command. */
  readonly apiKeys: ApiKeys;
  readonly workflows: CardWorkflows;
  readonly clock: Clock;
  /** Those that cards and tenants may ask for. */
  readonly kycProviders: readonly KycProviderName[];
  /** Rejects when Postgres does not answer. */
  readonly ping: () => Promise<void>;
  /** Whether an error means that Postgres cannot be reached. */
  readonly isOutage: (error: unknown) => boolean;
}

export interface IngressOptions {
  readonly ports: IngressPorts;
  /** Of the configuration, beside those in Postgres; each gives full access. */
  readonly apiKeys: readonly string[];
  /** Signing secrets of the webhook endpoints, several of each while one is being rolled. */
  readonly webhookSecrets: readonly EndpointSecret[];
  /** Whether events of live mode are taken, or those of test mode. */
  readonly livemode: boolean;
  /** Secrets of the external KYC provider's callbacks; without one none is taken. */
  readonly kycCallbackSecrets: readonly string[];
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
