/** The services below our processes: PostgreSQL, Temporal and the simulator, each embedded or given from outside. */
import { join } from 'node:path';
import type { localStackConfig } from '../../../platform/config.ts';
import type { Environment } from '../../../platform/config-reader.ts';
import { withoutPassword } from '../database-address.ts';
import { modulePath, nodeCommand, projectRoot } from './module-command.ts';
import { createPart, type Part } from './part.ts';
import type { PortPicker } from './ports.ts';
import { startPostgres } from './postgres-server.ts';
import { findProgram } from './program-finder.ts';
import { answersOk } from './readiness.ts';
import { plainEnvironment } from './stack-apps.ts';
import type { StackFolder } from './stack-folder.ts';
import type { Supervisor } from './supervisor.ts';
import { TEMPORAL_CLI } from './temporal-programs.ts';
import { startTemporal, TEMPORAL_NAMESPACE } from './temporal-server.ts';

type LocalStackConfig = ReturnType<typeof localStackConfig>;

export interface ServiceContext {
  readonly supervisor: Supervisor;
  readonly folder: StackFolder;
  readonly config: LocalStackConfig;
  readonly env: Environment;
  readonly ports: PortPicker;
  readonly seed: number | undefined;
  /** Another module in the place of the simulator's, for tests. */
  readonly simulatorModule: string | undefined;
  readonly durable: boolean;
  /** Whether Temporal's workflows outlive its process. */
  readonly keepsWorkflows: boolean;
  readonly say: (line: string) => void;
  readonly onCrash: (line: string) => void;
  /** Keeps the part, so that it can be asked for by name. */
  readonly keep: (part: Part) => void;
}

export interface DatabaseAddresses {
  readonly databaseUrl: string;
  readonly ownerUrl: string;
  readonly appPassword: string | undefined;
}

export interface TemporalAddresses {
  readonly address: string;
  readonly namespace: string;
  /** Undefined when the server was given from outside. */
  readonly uiUrl: string | undefined;
}

export interface StripeAddresses {
  readonly apiBase: string;
  readonly key: string;
  /** Undefined when a real Stripe account is used. */
  readonly simulatorUrl: string | undefined;
}

const POSTGRES_PORT = 54_329;
const TEMPORAL_PORT = 7_233;
const TEMPORAL_UI_PORT = 8_233;
const SIMULATOR_PORT = 12_111;
/** It reads its state file and listens; the rest is the time tsx needs on a busy machine. */
const SIMULATOR_READY_MS = 60_000;

export async function openDatabase(context: ServiceContext): Promise<DatabaseAddresses> {
  const { config, folder, say } = context;
  if (config.database !== undefined) {
    const { url, ownerUrl, appPassword } = config.database;
    say(`postgres    given   ${withoutPassword(url)}`);
    return { databaseUrl: url, ownerUrl, appPassword };
  }
  const state = folder.state();
  const server = await startPostgres(context.supervisor, {
    env: plainEnvironment(context.env),
    dataDir: state.postgresData ?? join(folder.path, 'postgres'),
    owner: folder.owner,
    ports: context.ports,
    preferredPort: POSTGRES_PORT,
    durable: context.durable,
    logFile: join(folder.logs, 'postgres.log'),
    ownerPassword: state.secrets.ownerPassword,
    appPassword: state.secrets.appPassword,
    onCrash: context.onCrash,
  });
  context.keep(server.part);
  say(`postgres    ready   ${withoutPassword(server.appUrl)}`);
  return {
    databaseUrl: server.appUrl,
    ownerUrl: server.ownerUrl,
    appPassword: state.secrets.appPassword,
  };
}

export async function openTemporal(context: ServiceContext): Promise<TemporalAddresses> {
  const { config, folder, say } = context;
  if (config.temporal !== undefined) {
    say(`temporal    given   ${config.temporal.address}`);
    return { ...config.temporal, uiUrl: undefined };
  }
  const env = plainEnvironment(context.env);
  const { supervisor } = context;
  const program = await findProgram(TEMPORAL_CLI, { env, supervisor, report: say });
  const server = await startTemporal(supervisor, {
    env,
    program,
    ports: context.ports,
    preferredPort: TEMPORAL_PORT,
    preferredUiPort: TEMPORAL_UI_PORT,
    databaseFile: context.keepsWorkflows ? folder.temporalFile : undefined,
    logFile: join(folder.logs, 'temporal.log'),
    cwd: folder.path,
    onCrash: context.onCrash,
  });
  context.keep(server.part);
  const uiUrl = `http://127.0.0.1:${server.uiPort}`;
  say(`temporal    ready   ${server.address}, UI ${uiUrl}`);
  return { address: server.address, namespace: TEMPORAL_NAMESPACE, uiUrl };
}

export async function openStripe(context: ServiceContext): Promise<StripeAddresses> {
  const { config, folder, ports, say } = context;
  if (config.stripe !== undefined) {
    say(`stripe      given   ${config.stripe.apiBase}`);
    return {
      apiBase: config.stripe.apiBase,
      key: config.stripe.secretKey,
      simulatorUrl: undefined,
    };
  }
  const port = await ports.pick(SIMULATOR_PORT);
  const url = `http://127.0.0.1:${port}`;
  // Here receivers are away for seconds, and nobody wants to wait minutes for the next attempt.
  const args = ['--port', String(port), '--host', '127.0.0.1', '--retries', 'fast'];
  if (context.seed !== undefined) args.push('--seed', String(context.seed));
  if (folder.isKept) args.push('--state', folder.simulatorFile);
  const part = createPart(context.supervisor, {
    name: 'simulator',
    service: {
      ...nodeCommand(context.simulatorModule ?? modulePath('src/simulator/main'), args),
      env: plainEnvironment(context.env),
      cwd: projectRoot,
      stage: 'service',
      logFile: join(folder.logs, 'simulator.log'),
      stopSignal: 'SIGTERM',
    },
    ready: () => answersOk(`${url}/_sim/health`),
    readyTimeoutMs: SIMULATOR_READY_MS,
    onCrash: context.onCrash,
  });
  await ports.release(port);
  await part.start();
  context.keep(part);
  say(`simulator   ready   ${url}`);
  return { apiBase: url, key: folder.state().secrets.stripeKey, simulatorUrl: url };
}
