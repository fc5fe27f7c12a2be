/** The connection to Temporal. TLS, API keys and certificates come from the standard TEMPORAL_* variables. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
}

export interface TemporalClient {
  readonly client: Client;
  readonly namespace: string;
  close(): Promise<void>;
}

/** Options for clients and workers alike: what the environment says, with our address. */
export function connectionOptions(
  settings: TemporalSettings,
): ClientConnectConfig['connectionOptions'] {
  return { ...loadClientConnectConfig().connectionOptions, address: settings.address };
}

/** Callers wait 3 s at most, so a server that is back must be noticed well within that. */
const RETRY_PAUSE_MAX_MS = 400;

/** Timers are rounded to milliseconds, up and down. */
const TIMER_GRAIN_MS = 5;

/** Connects with the first call, so that a process can start, and serve what it can, while Temporal is away. */
export function createTemporalClient(settings: TemporalSettings): TemporalClient {
  const { address, tls, apiKey } = connectionOptions(settings);
  const retries = createRetries();
  const connection = Connection.lazy({
    ...(address === undefined ? {} : { address }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    interceptors: [makeGrpcRetryInterceptor(retries.options)],
  });
  const { namespace } = settings;
  return {
    client: new Client({ connection, namespace }),
    namespace,
    async close() {
      await retries.stop();
      await connection.close();
    },
  };
}

/** The client's own retries with shorter pauses. A retry on a closed connection would throw where nobody can catch it. */
function createRetries() {
  const usual = defaultGrpcRetryOptions({ maxIntervalMs: () => RETRY_PAUSE_MAX_MS });
  let stopped = false;
  let lastRetryAtMs = 0;
  const options: typeof usual = {
    retryableDecider: (attempt, status) => !stopped && usual.retryableDecider(attempt, status),
    delayFunction(attempt, status) {
      const pauseMs = Math.min(usual.delayFunction(attempt, status), RETRY_PAUSE_MAX_MS);
      lastRetryAtMs = Math.max(lastRetryAtMs, performance.now() + pauseMs);
      return pauseMs;
    },
  };
  return {
    options,
    /** Resolves once no retry is waiting any more. */
    async stop(): Promise<void> {
      stopped = true;
      // Timers count from the start of their turn of the event loop, so one look at the clock is not enough.
      while (performance.now() < lastRetryAtMs + TIMER_GRAIN_MS) await delay(TIMER_GRAIN_MS);
    },
  };
}
