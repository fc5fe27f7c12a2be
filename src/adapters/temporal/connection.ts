/** The connection to Temporal. TLS, API keys and certificates come from the standard TEMPORAL_* variables. */
import { Client, Connection } from '@temporalio/client';
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

/** Connects with the first call, so that a process can start, and serve what it can, while Temporal is away. */
export function createTemporalClient(settings: TemporalSettings): TemporalClient {
  const { address, tls, apiKey } = connectionOptions(settings);
  const connection = Connection.lazy({
    ...(address === undefined ? {} : { address }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  const { namespace } = settings;
  return {
    client: new Client({ connection, namespace }),
    namespace,
    close: () => connection.close(),
  };
}
