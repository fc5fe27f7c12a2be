/**
 * The whole system on one machine: PostgreSQL, Temporal, the simulator and our processes, each a process of
 * its own. Started in the order in which they need one another, stopped in the reverse one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkConnection } from '../../../adapters/postgres/connection-check.ts';
import { migrate } from '../../../adapters/postgres/migrate.ts';
import { localStackConfig, processEnvironment } from '../../../platform/config.ts';
import { namingDatabase } from '../database-address.ts';
import { projectRoot } from './module-command.ts';
import type { Part } from './part.ts';
import { createPortPicker } from './ports.ts';
import { APP_NAMES, type AppName, type Wiring } from './stack-apps.ts';
import type { Stack, StackOptions } from './stack-contract.ts';
import { openStackFolder, type StackFolder } from './stack-folder.ts';
import { openDatabase, openStripe, openTemporal, type ServiceContext } from './stack-services.ts';
import { pickAppPorts, reachableHost, startApp, wireStripe } from './stack-wiring.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

export type { Stack, StackOptions } from './stack-contract.ts';

/** Starts everything and resolves when all parts are ready. What was started is stopped again when one fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const environment = options.environment ?? processEnvironment();
  const config = localStackConfig(environment);
  const supervisor = createSupervisor(environment);
  const ports = createPortPicker({ prefersDefaults: options.ports !== 'random' });
  let folder: StackFolder | undefined;
  let stopping: Promise<void> | undefined;
  const stopAll = async (keepLogs: boolean): Promise<void> => {
    await supervisor.stop();
    await ports.releaseAll();
    await folder?.close({ keepLogs });
    await supervisor.close();
  };
  let isKept = options.keepFolder === true;
  const stop = (keepLogs = isKept): Promise<void> => {
    stopping ??= stopAll(keepLogs);
    return stopping;
  };
  const interrupt = watchInterrupt(options.signal, () => void supervisor.stop());
  try {
    supervisor.signal.throwIfAborted();
    folder = await openStackFolder({
      isKept: options.mode === 'kept',
      path: options.folder ?? (options.mode === 'kept' ? join(projectRoot, '.local') : undefined),
      embedded: {
        postgres: config.database === undefined,
        temporal: config.temporal === undefined,
        simulator: config.stripe === undefined,
      },
      signal: supervisor.signal,
    });
    for (const path of folder.throwAway) supervisor.removeAfterKill(path);
    await folder.lock?.setGuardian(supervisor.guardianPid());
    const env = { ...environment, ...options.env };
    const made = createContext(options, { config, env, folder, ports, supervisor });
    const booted = await Promise.race([boot({ options, ...made }), interrupt.happened]);
    return {
      ...booted,
      crashed: made.crashed,
      keepLogs: () => void (isKept = true),
      stop: () => stop(),
    };
  } catch (error) {
    // The error points to a log, which must then be there; after Ctrl-C nobody wants to read one.
    await stop(options.signal?.aborted !== true);
    throw namingLogs(error, folder);
  } finally {
    interrupt.forget();
  }
}

/** A throw-away folder that stays for its logs must be named, or nobody would ever find and remove it. */
function namingLogs(error: unknown, folder: StackFolder | undefined): unknown {
  const isLeft = folder !== undefined && !folder.isKept && existsSync(folder.logs);
  if (isLeft && error instanceof Error && !error.message.includes(folder.logs)) {
    error.message += `\nThe logs are in ${folder.logs}`;
  }
  return error;
}

/** Rejects when the signal is aborted: some steps, such as a wait for a database lock, would take longer to notice. */
function watchInterrupt(
  signal: AbortSignal | undefined,
  stop: () => void,
): { readonly happened: Promise<never>; forget(): void } {
  let onAbort: () => void = () => {};
  const happened = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      stop();
      reject(
        signal?.reason instanceof Error ? signal.reason : new Error('The start was interrupted'),
      );
    };
  });
  // Nobody may be waiting when it happens.
  happened.catch(() => {});
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return { happened, forget: () => signal?.removeEventListener('abort', onAbort) };
}

interface Boot {
  readonly options: StackOptions;
  readonly context: ServiceContext;
  readonly parts: ReadonlyMap<string, Part>;
}

/** Everything below is handed from step to step, so that each can be read on its own. */
function createContext(
  options: StackOptions,
  base: Pick<ServiceContext, 'config' | 'env' | 'folder' | 'ports' | 'supervisor'>,
): { context: ServiceContext; parts: ReadonlyMap<string, Part>; crashed: Promise<string> } {
  const parts = new Map<string, Part>();
  let onCrash: (line: string) => void = () => {};
  const crashed = new Promise<string>((resolve) => {
    onCrash = resolve;
  });
  const context: ServiceContext = {
    ...base,
    seed: options.seed,
    simulatorModule: options.modules?.simulator,
    durable: options.durable ?? true,
    say: (line) => options.onPart?.(line),
    onCrash,
    keep: (part) => void parts.set(part.name, part),
  };
  return { context, parts, crashed };
}

async function boot({
  options,
  context,
  parts,
}: Boot): Promise<Omit<Stack, 'stop' | 'crashed' | 'keepLogs'>> {
  const { config, folder, ports, supervisor } = context;
  const appPorts = await pickAppPorts(ports);
  const [database, temporal, stripe] = await allOrNone(supervisor, [
    migrated(context, options.migrations),
    openTemporal(context),
    openStripe(context),
  ] as const);
  const url = (app: AppName): string => `http://${reachableHost(config.host)}:${appPorts[app]}`;
  const urls = {
    ingress: url('ingress'),
    authorizer: url('authorizer'),
    relay: url('relay'),
    worker: url('worker'),
    simulator: stripe.apiBase,
    temporal: temporal.address,
    temporalUi: temporal.uiUrl,
  };
  const { apiKey, signingSecret } = folder.state().secrets;
  const wiring: Wiring = {
    host: config.host,
    ports: appPorts,
    databaseUrl: database.databaseUrl,
    temporalAddress: temporal.address,
    temporalNamespace: temporal.namespace,
    isTemporalEmbedded: config.temporal === undefined,
    stripeKey: stripe.key,
    stripeApiBase: stripe.apiBase,
    apiKeys: config.apiKeys.length > 0 ? config.apiKeys : [apiKey],
    ...(await wireStripe(context, stripe, urls)),
  };
  const apps = options.parts ?? APP_NAMES;
  await allOrNone(
    supervisor,
    apps.map((app) => startApp(context, app, wiring, options.modules?.[app])),
  );
  await folder.update({
    isEstablished: true,
    temporalAddress: temporal.address,
    simulatorAddress: stripe.simulatorUrl,
  });
  return {
    urls,
    temporalNamespace: temporal.namespace,
    databaseUrl: database.databaseUrl,
    ownerUrl: database.ownerUrl,
    apiKey: wiring.apiKeys[0] ?? apiKey,
    webhookSecret: wiring.webhookSecrets[0] ?? '',
    webhookSecrets: wiring.webhookSecrets,
    signingSecret,
    stripeKey: stripe.key,
    folder: folder.path,
    logs: folder.logs,
    part(name) {
      const part = parts.get(name);
      if (part === undefined) throw new Error(`This stack did not start ${name}`);
      return part;
    },
  };
}

/** What is under way when something else fails gets this long to notice that the stack is being stopped. */
const SETTLE_MS = 2_000;

/** When one fails the others are stopped and waited for, so that nothing goes on in the background. */
async function allOrNone<const T extends readonly Promise<unknown>[]>(
  supervisor: Supervisor,
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(work);
  } catch (error) {
    const late = delay(SETTLE_MS, undefined, { ref: false });
    await Promise.all([supervisor.stop(), Promise.race([Promise.allSettled(work), late])]);
    throw error;
  }
}

async function migrated(context: ServiceContext, directory: string | undefined) {
  const { appPassword, databaseUrl, ownerUrl } = await openDatabase(context);
  const isGiven = context.config.database !== undefined;
  const owner = isGiven ? 'DATABASE_OWNER_URL' : 'The database';
  const { applied } = await namingDatabase({ name: owner, url: ownerUrl }, () =>
    migrate({ ownerUrl, appPassword, directory }),
  );
  // The role exists only now. Without this the processes would be waited for in vain.
  if (isGiven) {
    await namingDatabase({ name: 'DATABASE_URL', url: databaseUrl }, () =>
      checkConnection(databaseUrl),
    );
  }
  context.say(
    `migrations  ready   ${applied.length === 0 ? 'none were due' : `${applied.length} applied`}`,
  );
  return { databaseUrl, ownerUrl };
}
